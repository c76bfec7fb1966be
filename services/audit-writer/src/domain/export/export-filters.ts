/** What records of an export have to fit, in the words of the API (rest-api-core 7.2); unset: anything. */
export interface ExportFilters {
  /** Each action once; none = all. */
  readonly action: readonly string[];
  readonly identity_id?: string;
  readonly identity_type?: string;
  readonly path_prefix?: string;
  readonly success?: boolean;
  readonly source_ip?: string;
  readonly request_id?: string;
}
