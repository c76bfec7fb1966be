import type { ContextKey, ContextValues } from '@connectrpc/connect';

/** A key for something that a call carries; `description` is for those who debug. */
export const createContextKey = <Value>(defaultValue: Value, description: string): ContextKey<Value> => ({
  id: Symbol(description),
  defaultValue,
});

/** What one call carries. */
export const createContextValues = (): ContextValues => {
  const values = new Map<symbol, unknown>();
  return {
    get: <Value>({ id, defaultValue }: ContextKey<Value>) =>
      values.has(id) ? (values.get(id) as Value) : defaultValue,
    set(key, value) {
      values.set(key.id, value);
      return this;
    },
    delete(key) {
      values.delete(key.id);
      return this;
    },
  };
};
