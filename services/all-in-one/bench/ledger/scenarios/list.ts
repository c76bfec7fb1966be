import type { LoadScenario } from './load-scenario.ts';

export const list: LoadScenario = {
  about: 'the first page, of 100, of all secrets',
  parts: () => [
    {
      name: 'first page',
      who: 'admin',
      asks: [
        {
          method: 'GET',
          path: '/v1/secrets?limit=100',
          weight: 1,
          status: 200,
          leaves: { action: 'list', success: true, rows: 1 },
          statement: 'list',
        },
      ],
    },
  ],
};
