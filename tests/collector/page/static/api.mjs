// SPDX-License-Identifier: Apache-2.0
// The server's answers, and what the registry calls things.

export async function ask(path, parameters = []) {
  const query = new URLSearchParams(parameters).toString();
  const answer = await fetch(query ? `${path}?${query}` : path);
  if (!answer.ok) {
    const text = (await answer.text()).trim();
    throw Object.assign(new Error(text || `status ${answer.status}`), {status: answer.status});
  }
  return answer.json();
}

let registry = {kinds: {}, metrics: {}, groups: {}};

export async function loadRegistry() {
  registry = await ask("/api/registry");
}

export const metric = (key) => registry.metrics[key] ??
  {name: key, unit: "", kind: "", meaning: ""};

export const kindName = (kind) => registry.kinds[kind] ?? kind;

export const groupName = (group) => registry.groups[group] ?? group;

export const valueName = (key, value) => registry.metrics[key]?.values?.[String(value)];
