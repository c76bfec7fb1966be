import { fieldError } from '@scaivault/errors';

/** A page of an identity list (rest-api-core 1.5); both counted from 1. */
export interface PageRequest {
  readonly page: number;
  readonly pageSize: number;
}

/** Rows of one page, and how many there are altogether, counted up to `mostListed`. */
export interface PageOf<Row> {
  readonly items: readonly Row[];
  readonly total: number;
}

/** How far a list is counted and shown. Beyond, `q` and `status` narrow it; so neither count nor offset grows without end. */
export const mostListed = 100_000;

const defaultPageSize = 50;

/** The page asked for; 422 `validation_error` for one that lies beyond what a list shows. */
export const readPage = (page: number | undefined, pageSize: number | undefined): PageRequest => {
  const request = { page: page ?? 1, pageSize: pageSize ?? defaultPageSize };
  if (request.page * request.pageSize > mostListed + request.pageSize) {
    throw fieldError('page', 'range', `lies beyond the ${mostListed} rows that a list shows; narrow it`);
  }
  return request;
};
