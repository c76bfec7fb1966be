import { join } from 'node:path';

/** The Unix socket that a PostgreSQL with this port has in `folder`. */
export const socketFile = (folder: string, port: number): string => join(folder, `.s.PGSQL.${port}`);
