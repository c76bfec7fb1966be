import type { MessageInitShape } from '@bufbuild/protobuf';
import type { EventFiltersSchema, EventFilters as WireFilters } from '@scaivault/contracts/events/v1/events';
import type { EventFilters } from '../domain/listener.ts';

/** Filters as a client writes them; an empty list of tags asks for nothing. */
export const decodeFilters = (filters: WireFilters | undefined): EventFilters => ({
  pathPrefix: filters?.pathPrefix ?? null,
  secretType: filters?.secretType ?? null,
  tags: filters === undefined || filters.tags.length === 0 ? null : filters.tags,
});

/** Null where nothing is filtered. */
export const encodeFilters = ({
  pathPrefix,
  secretType,
  tags,
}: EventFilters): MessageInitShape<typeof EventFiltersSchema> | null =>
  pathPrefix === null && secretType === null && tags === null
    ? null
    : {
        ...(pathPrefix === null ? {} : { pathPrefix }),
        ...(secretType === null ? {} : { secretType }),
        tags: [...(tags ?? [])],
      };
