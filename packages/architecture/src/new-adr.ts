/** `pnpm new:adr "title"`: writes the next decision record from the template and prints its path. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { nextDecision } from './decision.ts';

const folder = join(import.meta.dirname, '../decisions');
const { name, text } = nextDecision(readdirSync(folder), process.argv.slice(2).join(' '));
const path = join(folder, name);
writeFileSync(path, text, { flag: 'wx' });
process.stdout.write(`${relative(process.cwd(), path)}\n`);
