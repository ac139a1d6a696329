/** Control and direction characters that JSON allows as they are, but a terminal obeys; escaped, the document is the same. */
const obeyed = /[\u007F-\u009F\u200E\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/gu;

export function renderJson(report: object): string {
  const text = JSON.stringify(report, null, 2);
  return `${text.replace(obeyed, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)}\n`;
}
