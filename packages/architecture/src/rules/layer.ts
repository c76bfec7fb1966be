import { isAllInOne, isShipped, type Layer, layerOf } from '../place.ts';
import { perImport, type Rule } from '../rule.ts';

/** Who may import whom inside a service. A layer that is not listed for another one is out of its reach. */
const mayImport: Readonly<Record<Layer, readonly Layer[]>> = {
  domain: ['domain'],
  ports: ['domain', 'ports'],
  app: ['domain', 'ports', 'app'],
  config: ['domain', 'ports', 'config'],
  rpc: ['domain', 'ports', 'app', 'config', 'rpc'],
  store: ['domain', 'ports', 'app', 'config', 'store'],
  adapters: ['domain', 'ports', 'app', 'config', 'adapters'],
  side: ['domain', 'ports', 'app', 'config', 'side'],
  module: ['domain', 'ports', 'app', 'config', 'rpc', 'store', 'adapters', 'side', 'module'],
  main: ['domain', 'ports', 'app', 'config', 'rpc', 'store', 'adapters', 'side', 'module', 'main'],
};

/** Imports inside a service point inward: domain ← ports ← app ← {rpc, store, adapters} ← module ← main. */
export const layer: Rule = {
  id: 'layer',
  reason: 'rules that know nothing of wires and tables can be read and tested alone',
  find: perImport(({ target, specifier }, module) => {
    const { owner } = module;
    if (!owner.isService || isAllInOne(module) || !isShipped(module) || target.kind !== 'file') return undefined;
    const from = layerOf(owner.folder, module.path);
    const to = layerOf(owner.folder, target.path);
    if (from === undefined || to === undefined || mayImport[from].includes(to)) return undefined;
    return {
      what: `${from} imports ${to} (${specifier})`,
      fix: `${from} may import ${mayImport[from].join(', ')}; name what it needs in ports.ts and hand it over in module.ts`,
    };
  }),
};
