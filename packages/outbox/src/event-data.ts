import type { EventType } from './event-types.ts';

type Time = string;

/** What each event says, as it stands in the envelope (rest-api-core 8.2). Times are RFC 3339 with whole seconds. */
interface KnownEventData {
  readonly 'secret.created': {
    readonly version: number;
    readonly secret_type: string;
    readonly created_by: string;
    readonly tags: readonly string[];
    readonly expires_at: Time | null;
  };
  readonly 'secret.updated': {
    readonly old_version: number;
    readonly new_version: number;
    readonly updated_by: string;
    readonly is_rotation: boolean;
    /** Of a change of metadata, which makes no version. */
    readonly changed_fields?: readonly string[];
  };
  readonly 'secret.deleted': {
    readonly version_count: number;
    readonly deleted_by: string;
    readonly permanent: boolean;
    /** Absent when permanent. */
    readonly recoverable_until?: Time;
  };
  readonly 'secret.restored': { readonly version: number; readonly restored_by: string };
  readonly 'secret.destroyed': { readonly versions: readonly number[]; readonly destroyed_by: string };
  readonly 'secret.rotated': {
    readonly old_version: number;
    readonly new_version: number;
    readonly rotation_policy_id: string | null;
    readonly rotation_policy_name: string | null;
    readonly grace_period_ends: Time;
    readonly auto_generated: boolean;
  };
  readonly 'secret.expiring': {
    readonly expires_at: Time;
    readonly days_remaining: number;
    readonly threshold: string;
  };
  readonly 'secret.expired': { readonly version: number; readonly expires_at: Time };
  readonly 'secret.accessed': {
    readonly version: number;
    readonly identity_type: string;
    readonly source_ip: string | null;
    readonly batch: boolean;
  };
  readonly 'policy.created': PolicyFacts & { readonly rule_count: number };
  readonly 'policy.updated': PolicyFacts & { readonly changed_fields: readonly string[] };
  readonly 'policy.deleted': PolicyFacts & { readonly binding_count: number };
  readonly 'policy.binding.created': BindingFacts;
  readonly 'policy.binding.deleted': BindingFacts;
  readonly 'policy.violation': {
    readonly permission: string;
    readonly error_code: string;
    readonly failed_condition: string | null;
    readonly source_ip: string | null;
    readonly count: number;
  };
  readonly 'webhook.disabled': {
    readonly webhook_id: string;
    readonly name: string;
    readonly consecutive_failures: number;
    readonly last_response_code: number | null;
  };
}

interface PolicyFacts {
  readonly policy_id: string;
  readonly name: string;
  readonly scope: 'tenant' | 'partner';
}

interface BindingFacts {
  readonly policy_id: string;
  readonly binding_id: string;
  readonly identity_type: string;
  readonly identity_id: string;
  readonly expires_at: Time | null;
}

/** Those that something of ours produces. */
export type ProducedType = keyof KnownEventData & EventType;

/** One event's type and what it says, which belong together. */
export type EventContent = {
  readonly [Type in ProducedType]: { readonly type: Type; readonly data: KnownEventData[Type] };
}[ProducedType];
