/** Whether --compare names a server and no file. */
export function isServerUrl(text: string): boolean {
  return /^(rediss?|unix):\/\//iu.test(text);
}
