import { errorCatalogue, isErrorCode } from '@scaivault/errors';
import type { OpenApiDocument } from '../openapi/document.ts';
import { type Html, html } from './html.ts';

const codesIn = (document: OpenApiDocument): string[] => [
  ...new Set(
    Object.values(document.paths).flatMap((item) =>
      Object.values(item).flatMap((operation) =>
        Object.values(operation.responses).flatMap((response) => response['x-scaivault-codes'] ?? []),
      ),
    ),
  ),
];

/** Table of the refusals that the document names, by status. */
export const errorSection = (document: OpenApiDocument): Html => {
  const rows = codesIn(document)
    .filter(isErrorCode)
    .map((code) => ({ code, ...errorCatalogue[code] }))
    .sort((a, b) => a.http - b.http);
  return html`<section id="errors">
    <h2>Refusals</h2>
    <p>Every refusal is <code>{"error": {"code", "message", "details", "request_id"}}</code>. The code is the contract; the
      message is for people and may change.</p>
    <div class="scroll"><table>
      <thead><tr><th>Code</th><th>Status</th><th>gRPC</th><th>Another try</th></tr></thead>
      <tbody>${rows.map(
        ({ code, http, grpc, retry }) => html`<tr id="error-${code}"><td><code>${code}</code></td><td>${http}</td>
          <td class="type">${grpc}</td><td>${retry.replaceAll('_', ' ')}</td></tr>`,
      )}</tbody></table></div>
  </section>`;
};
