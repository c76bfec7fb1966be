/**
 * Prints `N passed, N failed, N skipped` from Vitest's JSON report, and exits with 1 when anything failed.
 *
 *     node .ci/count-results.ts report.json <exit code of check> <exit code of test>
 *
 * What fails without being a test (the checks, a file that does not load, an error between tests) counts as one failed
 * each, so that the line never says "0 failed" about a red build.
 */
import { readFileSync } from 'node:fs';

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { status: string }[];
  }[];
}

const nothing: Report = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] };

const readReport = (path: string): Report => {
  const text = readFileSync(path, 'utf8');
  return text === '' ? nothing : (JSON.parse(text) as Report);
};

const [path = '', checkCode, testCode] = process.argv.slice(2);
const report = readReport(path);
const brokenFiles = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
).length;

let failed = report.numFailedTests + brokenFiles;
if (testCode !== '0' && failed === 0) failed = 1;
if (checkCode !== '0') failed += 1;
const skipped = report.numPendingTests + report.numTodoTests;
process.stdout.write(`${report.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed === 0 ? 0 : 1;
