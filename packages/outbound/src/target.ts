import { isIP } from 'node:net';

/** A place that a tenant has named, in the one spelling that is looked up, judged and dialled. */
export interface Target {
  readonly isPlain: boolean;
  /** A name without closing dot, or an address without brackets. */
  readonly host: string;
  readonly port: number;
  /** Path and query. */
  readonly path: string;
  /** Value of the Host header. */
  readonly authority: string;
}

const ports: Readonly<Record<string, number>> = { 'https:': 443, 'http:': 80 };

/**
 * Reads a target's URL; undefined for anything but http and https, for credentials in it and for a bare dot as host. The
 * URL standard's parser turns every spelling of an address (decimal, octal, hex, short, percent-encoded, full-width) into
 * dotted decimal, so what is no address afterwards is a name to everybody.
 */
export const parseTarget = (text: string): Target | undefined => {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const usualPort = ports[url.protocol];
  if (usualPort === undefined || url.username !== '' || url.password !== '') return undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  if (host === '') return undefined;
  return {
    isPlain: url.protocol === 'http:',
    host,
    port: url.port === '' ? usualPort : Number(url.port),
    path: `${url.pathname}${url.search}`,
    authority: `${isIP(host) === 6 ? `[${host}]` : host}${url.port === '' ? '' : `:${url.port}`}`,
  };
};
