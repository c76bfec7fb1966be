import { describe, expect, it } from 'vitest';
import { nextDecision } from './decision.ts';
import { decisionNumber } from './rules/decision-number.ts';
import { decisionShape } from './rules/decision-shape.ts';

const treeWith = (decisions: { path: string; text: string }[]) => ({
  workspaces: [],
  modules: [],
  files: [],
  rootDependencies: new Set<string>(),
  decisions,
});

describe('the next decision', () => {
  it('takes the number after the last one and a name from its title', () => {
    const { name, text } = nextDecision(['0001-first.md', '0009-ninth.md', 'notes.md'], '  Keys: wrap, then store! ');
    expect(name).toBe('0010-keys-wrap-then-store.md');
    expect(text.split('\n')[0]).toBe('# 0010 Keys: wrap, then store!');
  });

  it('passes the checks of decisions as it is written', () => {
    const { name, text } = nextDecision([], 'First');
    const tree = treeWith([{ path: `decisions/${name}`, text }]);
    expect([...decisionNumber.find(tree), ...decisionShape.find(tree)]).toEqual([]);
  });

  it.each(['', '  ', '!!'])('refuses the title %j', (title) => {
    expect(() => nextDecision([], title)).toThrow(RangeError);
  });
});

describe('the shape of a decision', () => {
  it('is broken by a heading with nothing under it', () => {
    const { text } = nextDecision([], 'First');
    const hollow = text.replace(/## Consequences\n\n.*\n/, '## Consequences\n');
    expect([...decisionShape.find(treeWith([{ path: 'decisions/0001-first.md', text: hollow }]))]).toMatchObject([
      { what: 'says nothing under Consequences' },
    ]);
  });
});
