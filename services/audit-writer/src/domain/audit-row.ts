/** One row of a tenant's audit log (rest-api-core 7.1), before it has a number. */
export interface AuditRow {
  readonly id: string;
  /** Microseconds since the epoch. */
  readonly tsMicros: number;
  readonly action: string;
  readonly identityType: string;
  readonly identityId: string;
  /** Policy path or prefix. */
  readonly secretPath: string | null;
  /** In its canonical spelling. */
  readonly sourceIp: string | null;
  readonly userAgent: string | null;
  readonly success: boolean;
  readonly errorCode: string | null;
  readonly policyId: string | null;
  readonly durationMs: number;
  readonly requestId: string;
  /** Text of a JSON object. */
  readonly extraData: string;
}

/** A row as it lies in the log: numbered per tenant without gaps. */
export interface LoggedRow extends AuditRow {
  readonly eventSeq: number;
}
