import type { EventFilters } from './listener.ts';

/** No filter at all is null, however it was said. */
export const filtersOrNull = ({ pathPrefix, secretType, tags }: EventFilters): EventFilters | null =>
  pathPrefix === null && secretType === null && (tags === null || tags.length === 0)
    ? null
    : { pathPrefix, secretType, tags: tags?.length === 0 ? null : tags };
