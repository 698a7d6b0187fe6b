import { apiFailure } from './api-failure.ts';
import { isRecord } from './check-message.ts';
import type { SandboxTemplate } from './public.ts';

/**
 * Finds the template that a message names, and throws for what Meta would refuse: an unknown name or language, one that is not approved,
 * parameters that do not fit in number or kind.
 */
export function checkTemplate(
  sent: Readonly<Record<string, unknown>>,
  templates: Iterable<SandboxTemplate>,
): SandboxTemplate {
  const name = String(sent.name);
  const language = String((sent.language as Record<string, unknown>).code);
  const found = [...templates].find((template) => template.name === name && template.language === language);
  if (!found || found.status === 'PENDING' || found.status === 'REJECTED') {
    throw apiFailure(132001, `template name (${name}) does not exist in ${language}`, 404);
  }
  if (found.status === 'PAUSED') throw apiFailure(132015, 'The template is paused due to low quality.');
  if (found.status === 'DISABLED') throw apiFailure(132016, 'The template is disabled.');
  const components = Array.isArray(sent.components) ? sent.components.filter(isRecord) : [];
  for (const type of ['HEADER', 'BODY'] as const) {
    const defined = found.components.find((component) => String(component.type).toUpperCase() === type);
    const given = components.find((component) => String(component.type).toUpperCase() === type);
    const parameters = Array.isArray(given?.parameters) ? given.parameters.filter(isRecord) : [];
    const format = String(defined?.format ?? 'TEXT').toUpperCase();
    if (type === 'HEADER' && defined && format !== 'TEXT') {
      if (String(parameters[0]?.type).toUpperCase() !== format) {
        throw apiFailure(132012, `header: Format mismatch, expected ${format}`);
      }
      continue;
    }
    const names = variablesOf(defined?.text);
    if (parameters.length !== names.length) {
      throw apiFailure(
        132000,
        `${type.toLowerCase()}: number of localizable_params (${parameters.length}) does not match the expected number of params (${names.length})`,
      );
    }
    const isNamed = names.some((one) => !/^\d+$/.test(one));
    const fits = (parameter: Record<string, unknown>): boolean =>
      isNamed ? names.includes(String(parameter.parameter_name)) : parameter.parameter_name === undefined;
    if (!parameters.every((parameter) => fits(parameter as Record<string, unknown>))) {
      throw apiFailure(132012, `${type.toLowerCase()}: parameter names do not match the template`);
    }
  }
  return found;
}

/** `Hello {{1}}` or `Hello {{name}}`: each variable once. */
function variablesOf(text: unknown): string[] {
  if (typeof text !== 'string') return [];
  return [...new Set([...text.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map(([, name]) => name as string))];
}
