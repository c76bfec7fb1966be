export * from './catalogue.ts';
export * from './envelope.ts';
export * from './field-error.ts';
export * from './groups.ts';
export * from './vault-error.ts';
