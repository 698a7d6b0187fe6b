import { invalid } from './invalid.ts';
import { automationLimits } from './limits.ts';

/** What a chat offers before the customer writes. */
export interface Automation {
  /** Tells the webhook when a customer opens the chat for the first time: a message of type `request_welcome`. */
  enable_welcome_message?: boolean;
  /** Questions to tap, at most 80 characters each. */
  prompts?: readonly string[];
  /** Commands after `/`: names of letters, digits and `_`, at most 30; descriptions at most 256 characters. */
  commands?: readonly { command_name: string; command_description: string }[];
}

/** Throws `invalid_input` for what is longer than Meta takes. */
export function checkAutomation({ prompts = [], commands = [] }: Automation): void {
  const { prompt, commandName, commandDescription } = automationLimits;
  for (const [index, text] of prompts.entries()) {
    if (text.length > prompt)
      throw invalid('setAutomation', `prompts[${index}]`, `must be at most ${prompt} characters long`);
  }
  for (const [index, { command_name: name, command_description: description }] of commands.entries()) {
    const at = `commands[${index}]`;
    if (!/^\w+$/.test(name) || name.length > commandName) {
      throw invalid(
        'setAutomation',
        `${at}.command_name`,
        `must be 1 to ${commandName} letters, digits or _`,
      );
    }
    if (description.length > commandDescription) {
      throw invalid(
        'setAutomation',
        `${at}.command_description`,
        `must be at most ${commandDescription} characters long`,
      );
    }
  }
}
