/** True when an object somewhere in this JSON text, which is valid, has two members of one name. */
export const repeatsName = (json: string): boolean => {
  const objects: (Set<string> | undefined)[] = [];
  for (let at = 0; at < json.length; at += 1) {
    const sign = json[at];
    if (sign === '{') objects.push(new Set());
    else if (sign === '[') objects.push(undefined);
    else if (sign === '}' || sign === ']') objects.pop();
    else if (sign === '"') {
      const start = at;
      for (at += 1; json[at] !== '"'; at += 1) if (json[at] === '\\') at += 1;
      let next = at + 1;
      while (json[next] === ' ' || json[next] === '\t') next += 1;
      const names = objects.at(-1);
      if (names === undefined || json[next] !== ':') continue;
      const name: string = JSON.parse(json.slice(start, at + 1));
      if (names.has(name)) return true;
      names.add(name);
    }
  }
  return false;
};
