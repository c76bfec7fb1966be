import { it } from 'vitest';
import { encode, openLog, recordOf } from './open-log.ts';
it('bench', async () => {
  await using opened = await openLog();
  const make = (tenants: number) => Array.from({ length: 500 }, (_, n) => encode(recordOf({ tenantId: `tnt_${n % tenants}`, identityId: `sa:${n % 97}`, secretPath: `app${n % 50}/team${n % 70}/db`, sourceIp: `192.0.2.${n % 200}` })));
  for (const [name, tenants, lanes] of [['1 tenant', 1, 1], ['10 tenants', 10, 1], ['100 tenants', 100, 1], ['1 tenant, 4 shippers', 1, 4], ['10 tenants, 4 shippers', 10, 4]] as const) {
    const batches = Array.from({ length: 40 }, () => make(tenants));
    const t = performance.now(); const cpu = process.cpuUsage();
    let i = 0;
    await Promise.all(Array.from({ length: lanes }, async () => { for (; i < batches.length; ) { const b = batches[i++]; if (b) await opened.ingest(b); } }));
    const ms = performance.now() - t; const c = process.cpuUsage(cpu);
    const t2 = performance.now();
    for (const b of batches.slice(0, 10)) await opened.ingest(b);
    console.log(name, Math.round(20000 / ms * 1000), 'rows/s', 'batch', (ms / 40 * 1).toFixed(1), 'ms; node cpu', ((c.user + c.system) / 1000 / 40).toFixed(1), 'ms/batch; redelivery', ((performance.now() - t2) / 10).toFixed(1), 'ms/batch');
  }
}, 120000);
