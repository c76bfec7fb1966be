/** No wire has a safe default of its own, so all use these. A list of 1,000 rows with 16 KiB of metadata each fits. */
export const maxMessageBytes = 20 * 1024 * 1024;

/** Longest hop between our processes when the caller names no deadline (RPC_TIMEOUT), in milliseconds. */
export const defaultRpcTimeoutMs = 10_000;
