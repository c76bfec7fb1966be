/** The kinds of things that ScaiKey lists. */
export const listedKinds = ['partners', 'tenants', 'users', 'groups'] as const;

export type ListedKind = (typeof listedKinds)[number];

/** Steps of a sync, in this order: what is named by others comes first. */
export const syncSteps = [...listedKinds, 'members', 'removal'] as const;

export type SyncStep = (typeof syncSteps)[number];

/** The step that comes after, or undefined after the last. */
export const stepAfter = (step: SyncStep): SyncStep | undefined => syncSteps[syncSteps.indexOf(step) + 1];

/** How far a run has come; another process goes on from here. Times by our own clock, in microseconds since the epoch. */
export interface SyncProgress {
  readonly step: SyncStep;
  /** The page to ask for next. */
  readonly page: number;
  /** As the first page told it. */
  readonly total: number | null;
  /** False once an answer was short or contradicted the page before. */
  readonly isWhole: boolean;
  readonly listingAtMicros: number | null;
  /** When the listing of a kind began that came to its end whole; null: nothing of that kind is removed. */
  readonly partnersListedAtMicros: number | null;
  readonly tenantsListedAtMicros: number | null;
  readonly usersListedAtMicros: number | null;
  readonly groupsListedAtMicros: number | null;
  /** Scope and id up to which members were compared, or tenants looked through. */
  readonly afterScope: string;
  readonly afterId: string;
  readonly created: number;
  readonly updated: number;
  readonly removed: number;
  /** What went wrong on the way without ending the run. */
  readonly error: string | null;
}

/** At the beginning of a step, with what the steps before have found. */
export const enterStep = (progress: SyncProgress, step: SyncStep): SyncProgress => ({
  ...progress,
  step,
  page: 1,
  total: null,
  isWhole: true,
  listingAtMicros: null,
  afterScope: '',
  afterId: '',
});

const longestError = 512;

/** Keeps the first trouble of each sort, in a bounded text. */
export const withTrouble = (progress: SyncProgress, trouble: string): SyncProgress => {
  const known = progress.error?.split('; ') ?? [];
  if (known.includes(trouble)) return progress;
  return { ...progress, error: [...known, trouble].join('; ').slice(0, longestError) };
};
