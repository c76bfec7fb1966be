import { type PathPrefix, type PathRange, partnerScope, type Scope, type SecretPath } from '@scaivault/tenancy';

/** Secrets of one scope whose listed paths lie together: the paths that a list shows, in its order. */
export interface ListedPart {
  readonly scope: Scope;
  /** What a list shows in front of the secret's own path. */
  readonly mark: string;
  /** Listed paths of this part satisfy `low <= path and path < high`. */
  readonly low: string;
  readonly high: string;
}

/** Behind every path: their bytes end at 'z'. */
const behindAll = '~';
const partnerMark = 'partner/';
/** '0' is the byte after '/'. */
const behindPartner = 'partner0';

const only = (scope: Scope): ListedPart => ({ scope, mark: '', low: '', high: behindAll });

/**
 * The parts of a list, in byte order of the listed path (rest-api-core 3.2). No secret of a tenant lies below `partner/`,
 * so the partner's secrets stand between two parts of the tenant's.
 */
export const listedParts = (scope: Scope, includesPartner: boolean): readonly ListedPart[] => {
  if (scope.kind === 'partner' || !includesPartner) return [only(scope)];
  return [
    { scope, mark: '', low: '', high: partnerMark },
    { scope: partnerScope(scope.partnerId), mark: partnerMark, low: partnerMark, high: behindPartner },
    { scope, mark: '', low: behindPartner, high: behindAll },
  ];
};

const larger = (a: string, b: string): string => (a > b ? a : b);
const smaller = (a: string, b: string): string => (a < b ? a : b);

/** What to scan of a part for a list under this prefix from behind `after` on, both as listed; undefined: nothing. */
export const scanOfPart = (
  { mark, low, high }: ListedPart,
  prefix: PathPrefix | undefined,
  after: string,
): { readonly range: PathRange; readonly after: string } | undefined => {
  if (after >= high) return undefined;
  const wanted = prefix?.range() ?? { self: null, from: '', before: behindAll };
  const self = wanted.self !== null && wanted.self >= low && wanted.self < high ? wanted.self : null;
  const from = larger(wanted.from, low);
  const before = smaller(wanted.before, high);
  if (self === null && from >= before) return undefined;
  const own = (listed: string): string => (listed.startsWith(mark) ? listed.slice(mark.length) : '');
  return {
    range: {
      self: self === null ? null : own(self),
      from: own(from),
      before: before === high && mark !== '' ? behindAll : own(before),
    },
    after: after < low ? '' : own(after),
  };
};

/** A secret's path as the list shows it. */
export const listedPath = ({ mark }: ListedPart, path: SecretPath): string => mark + path;
