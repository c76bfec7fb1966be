/** The headings of a decision record, in order. */
export const decisionHeadings = ['Context', 'Decision', 'Consequences', 'How it is enforced'] as const;

/** `0007-some-title.md`, with the number as the first group. */
export const decisionFile = /^(\d{4})-[a-z0-9]+(?:-[a-z0-9]+)*\.md$/;

const hints: Readonly<Record<(typeof decisionHeadings)[number], string>> = {
  Context: 'What forces a choice; facts and measurements, with their source.',
  Decision: 'What we do, in the present tense.',
  Consequences: 'What becomes easier, what becomes harder, and when to look at this again.',
  'How it is enforced': 'The check, test or type that fails when somebody forgets; or, plainly, that none does.',
};

/**
 * The next decision record after the files in `existing`: its file name and a page to fill in. Throws a RangeError when
 * the title has no letter or digit to make a name of.
 */
export const nextDecision = (existing: readonly string[], title: string): { name: string; text: string } => {
  const slug = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  if (slug === '') throw new RangeError('A decision needs a title: pnpm new:adr "title".');
  const last = Math.max(0, ...existing.map((name) => Number(decisionFile.exec(name)?.[1] ?? 0)));
  const number = String(last + 1).padStart(4, '0');
  const sections = decisionHeadings.map((heading) => `## ${heading}\n\n${hints[heading]}\n`);
  return { name: `${number}-${slug}.md`, text: `# ${number} ${title.trim()}\n\n${sections.join('\n')}` };
};
