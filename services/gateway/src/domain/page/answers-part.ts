import { errorGroups } from '@scaivault/errors';
import type { OpenApiDocument, Operation, Response } from '../openapi/document.ts';
import { fieldTable } from './field-table.ts';
import { type Html, html, prose } from './html.ts';
import { fieldRows } from './schema-text.ts';

const statusMark = (status: string): Html => html`<span class="status s${status.charAt(0)}">${status}</span>`;

const success = (document: OpenApiDocument, status: string, response: Response): Html => {
  const schema = response.content?.['application/json']?.schema;
  const rows = schema === undefined ? [] : fieldRows(document, schema);
  const line = html`${statusMark(status)} ${prose(response.description)}`;
  if (rows.length === 0) return html`<div class="answer">${line}</div>`;
  // Every member of an answer is there: a mark on each would say nothing.
  const table = fieldTable(rows.map((row) => ({ ...row, isRequired: false })));
  return html`<details class="answer"><summary>${line}</summary>${table}</details>`;
};

interface Refusal {
  readonly status: string;
  readonly codes: readonly string[];
}

const refusalLine = ({ status, codes }: Refusal): Html =>
  codes.length === 0
    ? html``
    : html`<div class="refusal">${statusMark(status)}<span>${codes.map(
        (code) => html`<a class="code" href="#error-${code}">${code}</a> `,
      )}</span></div>`;

const commonCodes: ReadonlySet<string> = new Set(errorGroups.A);

const pick = (refusals: readonly Refusal[], wanted: (code: string) => boolean): Refusal[] =>
  refusals.map(({ status, codes }) => ({ status, codes: codes.filter(wanted) }));

/** What comes back: successes with their members, the call's own refusals, and, folded, those that any call can have. */
export const answersPart = (document: OpenApiDocument, operation: Operation): Html => {
  const refusals: Refusal[] = [];
  const successes: Html[] = [];
  for (const [status, response] of Object.entries(operation.responses)) {
    const codes = response['x-scaivault-codes'];
    if (codes === undefined) successes.push(success(document, status, response));
    else refusals.push({ status, codes });
  }
  const common = pick(refusals, (code) => commonCodes.has(code));
  const hasCommon = common.some(({ codes }) => codes.length > 0);
  return html`<h4>Answers</h4>
    ${successes}
    ${pick(refusals, (code) => !commonCodes.has(code)).map(refusalLine)}
    ${hasCommon ? html`<details class="answer"><summary>Refusals that any call can have</summary>${common.map(refusalLine)}</details>` : undefined}`;
};
