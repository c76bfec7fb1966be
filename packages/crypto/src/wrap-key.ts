import type { KeyObject } from 'node:crypto';
import { encodeFields } from './encode-fields.ts';
import { openEnvelope, sealEnvelope } from './envelope.ts';
import type { KeyContext } from './key-wrapper.ts';
import { takeSecretKey } from './secret-key.ts';

/** A key of the chain with the id under which its children name it. */
export interface ParentKey {
  readonly id: string;
  readonly key: KeyObject;
}

const wrapAad = ({ level, scopeId }: KeyContext, parentId: string): Buffer =>
  encodeFields('scaivault:wrap', level, scopeId, parentId);

/** Wraps a raw key under a key of the chain, for this level and scope only. */
export const wrapKey = (parent: ParentKey, raw: Uint8Array, context: KeyContext): Buffer =>
  sealEnvelope(parent.key, raw, wrapAad(context, parent.id));

/** The key of `wrapKey`; IntegrityError when parent, level, scope or blob differ. */
export const unwrapKey = (parent: ParentKey, wrapped: Uint8Array, context: KeyContext): KeyObject =>
  takeSecretKey(openEnvelope(parent.key, wrapped, wrapAad(context, parent.id)));
