/** What every secret of the bench holds. */
const data = { username: 'app', password: 'correct horse battery staple', host: 'db.internal', port: '5432' };

/** The body of a write. */
export const secretBody = JSON.stringify({ data });

/** A secret of the seed; `{n}` is its number. */
export const seededPath = 'bench/{n}';
export const hotPath = 'bench/000000';
