import { compileGlob, parsePathPrefix } from '@scaivault/tenancy';
import { namesOf } from './event-names.ts';
import type { IncomingEvent } from './incoming-event.ts';
import type { EventFilters, Listener } from './listener.ts';

export type Hears = (event: IncomingEvent) => boolean;

const compileFilters = ({ pathPrefix, secretType, tags }: EventFilters): Hears => {
  const prefix = pathPrefix === null ? undefined : parsePathPrefix(pathPrefix);
  const wanted = tags === null || tags.length === 0 ? undefined : new Set(tags);
  return (event) =>
    (prefix === undefined || (event.path !== null && prefix.covers(event.path))) &&
    (secretType === null || event.secretType === secretType) &&
    (wanted === undefined || event.tags.some((tag) => wanted.has(tag)));
};

/** An event without a path is of interest only to whoever asked for everything (rest-api-core 15). */
const compilePaths = (paths: readonly string[]): Hears => {
  const globs = paths.map(compileGlob);
  const everything = paths.includes('**');
  return ({ path }) => (path === null ? everything : globs.some((glob) => glob.matches(path)));
};

/**
 * Whether a listener wants an event: its `events` list, then its filters, then its paths (rest-api-core 8.1, 10). It is
 * not asked whose event it is.
 */
export const compileListener = ({ events, filters, paths }: Pick<Listener, 'events' | 'filters' | 'paths'>): Hears => {
  const names = new Set(events);
  const fits = compileFilters(filters);
  const lies = paths === null ? () => true : compilePaths(paths);
  return (event) => namesOf(event.type).some((name) => names.has(name)) && fits(event) && lies(event);
};
