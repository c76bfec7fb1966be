import { readdirSync, readFileSync } from 'node:fs';
import { compileGlob } from '@scaivault/tenancy';
import type { PolicyRecord, PolicyRequest, PolicySubject } from '../src/index.ts';
import type { Verdict } from './naive/evaluate.ts';

/** A case that is replayed for ever. Patterns of the token (`allowedPaths`) are texts in the file. */
export interface CorpusCase {
  readonly records: readonly PolicyRecord[];
  readonly subject: PolicySubject;
  readonly request: PolicyRequest;
  readonly expected: Verdict;
}

type StoredRequest = Omit<PolicyRequest, 'token'> & {
  readonly token: Omit<PolicyRequest['token'], 'allowedPaths'> & { readonly allowedPaths: readonly string[] | null };
};

const folder = new URL('corpus/', import.meta.url);

/** One line of a corpus file. */
export const corpusLine = (why: string, { request, ...rest }: CorpusCase): string => {
  const allowedPaths = request.token.allowedPaths?.map(({ pattern }) => pattern) ?? null;
  return JSON.stringify({ why, ...rest, request: { ...request, token: { ...request.token, allowedPaths } } });
};

const parseLine = (line: string): CorpusCase & { readonly why: string } => {
  const { request, ...rest } = JSON.parse(line) as CorpusCase & { why: string; request: StoredRequest };
  const allowedPaths = request.token.allowedPaths?.map(compileGlob) ?? null;
  return { ...rest, request: { ...request, token: { ...request.token, allowedPaths } } };
};

/** Every case of every file under test/corpus/. */
export const readCorpus = (): (CorpusCase & { readonly why: string })[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => readFileSync(new URL(name, folder), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map(parseLine);
