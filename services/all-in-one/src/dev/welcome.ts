import { relative } from 'node:path';

export interface WelcomeFacts {
  readonly url: string;
  readonly token: string;
  readonly scaiKeyUrl: string;
  readonly envFile: string;
  readonly folder: string;
  readonly shape: 'all-in-one' | 'services';
  /** Of the process that answers. */
  readonly workers: number;
  readonly seconds: number;
}

const near = (path: string): string => {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') ? path : short;
};

/** The first minute: where it is, what to paste, how to stop. */
export const printWelcome = (facts: WelcomeFacts): void => {
  const alone = facts.workers === 1 ? 'everything in one process' : `${facts.workers} workers`;
  const shape = facts.shape === 'all-in-one' ? alone : 'one process per service';
  process.stdout.write(`
  ScaiVault is ready (${shape}, ${facts.seconds.toFixed(1)} s).

    REST API    ${facts.url}/v1
    API page    ${facts.url}/
    Identities  ${facts.scaiKeyUrl} (ScaiKey emulator, development only)
    Data        ${near(facts.folder)}/

  In another terminal, as alice@acme.example (tenant admin of tnt_acme_prod):

    set -a; . ${near(facts.envFile)}; set +a

    curl -X PUT $SCAIVAULT_URL/v1/secrets/app/db -H "Authorization: Bearer $SCAIVAULT_TOKEN" \\
         -H 'Content-Type: application/json' -d '{"data":{"password":"correct horse"}}'
    curl $SCAIVAULT_URL/v1/secrets/app/db -H "Authorization: Bearer $SCAIVAULT_TOKEN"
    curl "$SCAIVAULT_URL/v1/audit/logs?path_prefix=app" -H "Authorization: Bearer $SCAIVAULT_TOKEN"

  Or paste the access itself (${near(facts.envFile)} holds the same):

    export SCAIVAULT_URL=${facts.url}
    export SCAIKEY_URL=${facts.scaiKeyUrl}
    export SCAIVAULT_TOKEN=${facts.token}

  Ctrl-C stops everything; your data stays in ${near(facts.folder)}/.
`);
};
