import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { entropyBits } from '../entropy-bits.ts';
import { generate } from '../generate.ts';
import { parseRecipe } from '../parse-recipe.ts';

const recipeOf = (template: string) =>
  parseRecipe([{ name: 'value', generator: 'template', config: Buffer.from(JSON.stringify({ template })) }]);

const fill = async (template: string): Promise<string | undefined> =>
  (await generate(recipeOf(template), { randomBytes, nowMs: () => 1_700_000_000_999 })).value;

const refusal = (template: string, reason: string) => {
  expect(() => recipeOf(template)).toThrow(
    expect.objectContaining({
      code: 'invalid_config',
      details: { field: 'fields[0].config.template', reason },
    }),
  );
};

describe('template', () => {
  it('fills every placeholder anew and leaves the rest as it is', async () => {
    expect(await fill('sk_{{random:8}}.{{hex:3}}/{{uuid}}@{{timestamp}}\n{ } é')).toMatch(
      /^sk_[A-Za-z0-9]{8}\.[0-9a-f]{3}\/[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}@1700000000\n\{ \} é$/,
    );
    const [one, other] = (await fill('{{random:32}}+{{random:32}}'))?.split('+') ?? [];
    expect(one).not.toBe(other);
  });

  it('takes N from 1 to 256', async () => {
    expect(await fill('{{random:1}}')).toHaveLength(1);
    expect(await fill('{{random:256}}')).toMatch(/^[A-Za-z0-9]{256}$/);
    expect(await fill('{{hex:1}}')).toMatch(/^[0-9a-f]$/);
    expect(await fill('{{hex:256}}')).toMatch(/^[0-9a-f]{256}$/);
  });

  it.each(['{{random:0}}', '{{random:257}}', '{{hex:0}}', '{{hex:257}}', `{{hex:${'9'.repeat(400)}}}`])(
    'refuses %s',
    (template) => {
      refusal(template, 'range');
    },
  );

  it.each([
    '{{random}}',
    '{{random:}}',
    '{{random:-1}}',
    '{{random:08}}',
    '{{random:1e1}}',
    '{{random:8.0}}',
    '{{random: 8}}',
    '{{ random:8 }}',
    '{{RANDOM:8}}',
    '{{random:٨}}',
    '{{uuid:4}}',
    '{{timestamp:1}}',
    '{{secret}}',
    '{{toString}}',
    '{{}}',
    '{{hex:8\n}}',
    '{{{hex:8}}}',
  ])('does not know the placeholder of %j', (template) => {
    refusal(template, 'format');
    refusal(`{{uuid}} ${template}`, 'format');
  });

  it.each(['{{random:8', 'random:8}}', '{{uuid}}}}', '{{uuid}} {{', '}}{{uuid}}', '{{{uuid}}'])(
    'refuses the stray braces of %j',
    (template) => {
      refusal(template, 'format');
    },
  );

  it.each(['', 'constant', '{random:8}', '{ {uuid} }'])('refuses %j, which would be a constant', (template) => {
    refusal(template, 'format');
  });

  it('takes 1024 characters and refuses one more', async () => {
    const padded = (length: number) => `{{hex:4}}${'é'.repeat(length - 9)}`;
    expect(await fill(padded(1024))).toHaveLength(4 + 1015);
    refusal(padded(1025), 'length');
  });

  it('has a value or a refusal for any text at all', async () => {
    const pieces = fc.constantFrom('{{', '}}', '{', '}', 'random:8', 'hex:8', 'uuid', 'timestamp', ' ', 'a');
    await fc.assert(
      fc.asyncProperty(fc.array(pieces, { maxLength: 12 }), async (words) => {
        const template = words.join('');
        try {
          expect(await fill(template)).not.toMatch(/\{\{|\}\}/);
        } catch (error) {
          expect(error).toMatchObject({ code: 'invalid_config' });
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the bits of a template', () => {
  it.each([
    ['a{{random:10}}', 10 * Math.log2(62)],
    ['{{hex:7}}', 28],
    ['{{uuid}}', 122],
    ['{{timestamp}}', 0],
    ['{{hex:2}}{{random:1}}-{{uuid}}{{timestamp}}', 8 + Math.log2(62) + 122],
  ])('of %s are the sum of its parts', (template, bits) => {
    expect(entropyBits(recipeOf(template)).value).toBeCloseTo(bits, 9);
  });
});
