import { parsePathPrefix } from '@scaivault/tenancy';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListRequest } from '../src/app/list-secrets.ts';
import { anyone, callerWho, openVault, type Vault } from './open-vault.ts';

let vault: Vault;
beforeAll(async () => {
  vault = await openVault();
  for (const path of ['app-x/a', 'app/z', 'app', 'apple', 'app/a/b', 'app_y', 'zoo']) await vault.put(path);
});
afterAll(() => vault.close());

const pathsOf = async (request: Partial<ListRequest>, caller = anyone): Promise<string[]> =>
  (await vault.list(request, caller)).secrets.map(({ path }) => path);

/** All pages, one after the other. */
const allPages = async (request: Partial<ListRequest>, caller = anyone) => {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await vault.list({ ...request, cursor }, caller);
    pages.push(page.secrets.map(({ path }) => path));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return pages;
};

describe('a list of secrets', () => {
  it('is in byte order of the path', async () => {
    expect(await pathsOf({})).toEqual(['app', 'app-x/a', 'app/a/b', 'app/z', 'app_y', 'apple', 'zoo']);
  });

  it('knows prefixes by whole segments', async () => {
    expect(await pathsOf({ prefix: parsePathPrefix('app') })).toEqual(['app', 'app/a/b', 'app/z']);
    expect(await pathsOf({ prefix: parsePathPrefix('app/') })).toEqual(['app/a/b', 'app/z']);
    expect(await pathsOf({ prefix: parsePathPrefix('ap') })).toEqual([]);
  });

  it('goes on where it stopped, page by page', async () => {
    for (const prefix of [undefined, parsePathPrefix('app')]) {
      const whole = await pathsOf({ prefix });
      for (const limit of [1, 2, 3]) {
        const pages = await allPages({ prefix, limit });
        expect(pages.flat()).toEqual(whole);
        expect(pages.every((page) => page.length <= limit)).toBe(true);
      }
    }
  });

  it('neither repeats nor skips what was there from the beginning while others write', async () => {
    const before = await pathsOf({});
    const seen: string[] = [];
    let cursor: string | undefined;
    let n = 0;
    do {
      const page = await vault.list({ limit: 1, cursor });
      seen.push(...page.secrets.map(({ path }) => path));
      cursor = page.cursor;
      n += 1;
      await vault.put(`aaa/${n}`);
      await vault.put(`apple/${n}`);
      if (n > 40) throw new Error('the list never ends');
    } while (cursor !== undefined);
    expect(seen.filter((path) => before.includes(path))).toEqual(before);
    expect(new Set(seen).size).toBe(seen.length);
    await vault.admin`delete from secrets.secret where path like 'aaa/%' or path like 'apple/%'`;
  });

  it('leaves out what the caller may not list, and gives an empty list to whom may list nothing', async () => {
    const caller = callerWho((permission, path) => permission === 'list' && path.startsWith('app/'));
    expect(await pathsOf({}, caller)).toEqual(['app/a/b', 'app/z']);
    expect(
      await vault.list(
        {},
        callerWho(() => false),
      ),
    ).toEqual({ secrets: [], cursor: undefined });
  });

  it('takes a cursor for the same list only', async () => {
    const { cursor } = await vault.list({ limit: 1 });
    await expect(vault.list({ limit: 2, cursor })).resolves.toBeDefined();
    for (const other of [
      { prefix: parsePathPrefix('app') },
      { tags: ['a'] },
      { secretType: 'kv' },
      { includeDeleted: true },
    ]) {
      await expect(vault.list({ ...other, cursor })).rejects.toMatchObject({ code: 'invalid_cursor' });
    }
    await expect(vault.list({ cursor: 'nonsense' })).rejects.toMatchObject({ code: 'invalid_cursor' });
    vault.passDays(1.1);
    await expect(vault.list({ cursor })).rejects.toMatchObject({ code: 'invalid_cursor' });
  });

  it('looks at ten rows for each that a page may hold, and does not betray them in the cursor', async () => {
    for (let i = 0; i < 25; i += 1) await vault.put(`hidden/${String.fromCharCode(97 + i)}`);
    let judged = 0;
    const caller = callerWho((_permission, path) => {
      judged += 1;
      return path === 'zoo';
    });
    const page = await vault.list({ limit: 1, prefix: parsePathPrefix('hidden') }, caller);
    expect(judged).toBe(10);
    expect(page.secrets).toEqual([]);
    expect(Buffer.from(page.cursor ?? '', 'base64url').toString()).toContain('"p"');
    const { p: position } = JSON.parse(Buffer.from(page.cursor ?? '', 'base64url').toString()) as { p: string };
    expect(Buffer.from(position, 'base64url').toString('latin1')).not.toContain('hidden');
    expect((await allPages({ limit: 1, prefix: parsePathPrefix('hidden') }, caller)).flat()).toEqual([]);
    await vault.admin`delete from secrets.secret where path like 'hidden/%'`;
  });
});

describe('filters', () => {
  it('take secrets that have all tags, as they are now', async () => {
    const tagged = (path: string, ...tags: string[]) =>
      vault.put(path, { metadata: Buffer.from(JSON.stringify({ tags })) });
    await tagged('tags/1', 'red', 'hot');
    await tagged('tags/2', 'red');
    await tagged('tags/3', 'hot', 'red', 'blue');
    expect(await pathsOf({ tags: ['red'] })).toEqual(['tags/1', 'tags/2', 'tags/3']);
    expect(await pathsOf({ tags: ['red', 'hot'] })).toEqual(['tags/1', 'tags/3']);
    expect(await pathsOf({ tags: ['hot', 'red', 'blue'], prefix: parsePathPrefix('tags') })).toEqual(['tags/3']);
    expect(await pathsOf({ tags: ['red', 'none'] })).toEqual([]);
    expect((await allPages({ tags: ['red'], limit: 1, prefix: parsePathPrefix('tags/') })).flat()).toHaveLength(3);
    expect(await pathsOf({ tags: ['red'], prefix: parsePathPrefix('tags/2') })).toEqual(['tags/2']);
    await tagged('tags/1', 'cold');
    await tagged('tags/2');
    expect(await pathsOf({ tags: ['red'] })).toEqual(['tags/3']);
    expect(await pathsOf({ tags: ['cold'] })).toEqual(['tags/1']);
    expect(await vault.admin`select tag from secrets.secret_tag where path in ('tags/1', 'tags/2')`).toEqual([
      { tag: 'cold' },
    ]);
  });

  it('take secrets of a type', async () => {
    await vault.put('types/a', { secretType: 'certificate', metadata: Buffer.from('{"tags":["t"]}') });
    await vault.put('types/b', { secretType: 'json', metadata: Buffer.from('{"tags":["t"]}') });
    expect(await pathsOf({ secretType: 'certificate' })).toEqual(['types/a']);
    expect(await pathsOf({ secretType: 'json', tags: ['t'] })).toEqual(['types/b']);
    expect(await pathsOf({ secretType: 'ssh_key' })).toEqual([]);
    expect(await pathsOf({ secretType: 'certificate', prefix: parsePathPrefix('types/a') })).toEqual(['types/a']);
  });

  it('show deleted secrets when asked, to writers only and for 30 days', async () => {
    await vault.put('trash/a');
    await vault.put('trash/b');
    await vault.remove('trash/a');
    const prefix = parsePathPrefix('trash');
    expect(await pathsOf({ prefix })).toEqual(['trash/b']);
    const { secrets } = await vault.list({ prefix, includeDeleted: true });
    expect(secrets).toMatchObject([{ path: 'trash/a', deletedAtMicros: expect.any(Number) }, { path: 'trash/b' }]);
    const lister = callerWho((permission) => permission === 'list');
    expect(await pathsOf({ prefix, includeDeleted: true }, lister)).toEqual(['trash/b']);
    vault.passDays(30);
    expect(await pathsOf({ prefix, includeDeleted: true })).toEqual(['trash/b']);
  });
});

describe('a list of versions', () => {
  it('is newest first and pages by cursor', async () => {
    for (let i = 0; i < 5; i += 1) await vault.put('versioned', { expiresIn: '1h' });
    const seen: number[] = [];
    let cursor: string | undefined;
    do {
      const page = await vault.versions('versioned', { limit: 2, cursor });
      expect(page.currentVersion).toBe(5);
      seen.push(...page.versions.map(({ version }) => version));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual([5, 4, 3, 2, 1]);
    const { versions, cursor: none } = await vault.versions('versioned', { limit: 5 });
    expect(none).toBeUndefined();
    expect(versions[0]).toMatchObject({
      createdBy: 'user:ada@example.com',
      secretType: 'kv',
      expiresAtMicros: expect.any(Number),
    });
  });

  it('takes a cursor of the same secret only', async () => {
    await vault.put('versioned/other');
    const { cursor } = await vault.versions('versioned', { limit: 1 });
    await expect(vault.versions('versioned/other', { cursor })).rejects.toMatchObject({ code: 'invalid_cursor' });
  });
});
