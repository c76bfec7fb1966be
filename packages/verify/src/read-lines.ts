import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InputError, isObject } from './input.ts';

const parse = (line: string, place: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    throw new InputError(`${place} is no JSON`);
  }
};

const openText = (path: string): Readable => {
  const file = createReadStream(path);
  if (!path.endsWith('.gz')) return file.setEncoding('utf8');
  // A failure of the file becomes one of the unpacked text, which is where it is read.
  return pipeline(file, createGunzip(), () => {}).setEncoding('utf8');
};

async function* readLines(path: string): AsyncGenerator<string> {
  let rest = '';
  try {
    for await (const chunk of openText(path) as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  } catch (error) {
    throw new InputError(`${path} cannot be read`, { cause: error });
  }
  yield rest;
}

/**
 * The objects of a file, one after the other and never all at once: one a line, or in the lists of whole answers of the
 * API (`{"logs": […]}`), one answer a line. `line` is the text of an object that has a line of its own.
 */
export async function* readObjects(path: string, list: string): AsyncGenerator<{ value: unknown; line: string }> {
  let number = 0;
  for await (const line of readLines(path)) {
    number += 1;
    if (line.trim() === '') continue;
    const value = parse(line, `${path}, line ${number}`);
    const items = isObject(value) ? value[list] : undefined;
    if (Array.isArray(items)) for (const item of items) yield { value: item, line: '' };
    else yield { value, line };
  }
}
