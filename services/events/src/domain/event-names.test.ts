import { eventTypes } from '@scaivault/outbox';
import { describe, expect, it } from 'vitest';
import { checkEventNames, namesOf } from './event-names.ts';

describe('checkEventNames', () => {
  it('takes every name of the vocabulary, its groups and all', () => {
    expect(() =>
      checkEventNames('events', [...eventTypes, 'secret.*', 'policy.*', 'policy.binding.*', '*']),
    ).not.toThrow();
  });

  it.each([
    [[]],
    [['secret']],
    [['secret.exploded']],
    [['secret.*.*']],
    [['secrets.*']],
    [['.*']],
    [['**']],
    [['']],
    [['Secret.created']],
    [['secret.created', 'nothing']],
  ])('refuses %j', (names) => {
    expect(() => checkEventNames('events', names)).toThrow(expect.objectContaining({ code: 'validation_error' }));
  });

  it('says which entry it does not know', () => {
    expect(() => checkEventNames('events', ['*', 'no'])).toThrow(/^events\[1\]/);
  });
});

describe('namesOf', () => {
  it('gives the exact name, each group around it, and all', () => {
    expect(namesOf('policy.binding.created')).toEqual(['policy.binding.created', 'policy.*', 'policy.binding.*', '*']);
  });
});
