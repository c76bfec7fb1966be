import { errorCatalogue } from '@scaivault/errors';

const denials: ReadonlySet<string> = new Set(
  Object.entries(errorCatalogue).flatMap(([code, { http }]) => (http === 403 ? [code] : [])),
);

/** Whether a record's error code says that somebody was not allowed to (HTTP 403). */
export const isDenial = (errorCode: string | null): boolean => errorCode !== null && denials.has(errorCode);
