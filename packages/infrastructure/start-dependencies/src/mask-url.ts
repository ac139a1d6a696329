/** A connection URL for the screen: the password is `***`. */
export function maskUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined) return "a URL that cannot be read";
  if (parsed.password !== "") parsed.password = "***";
  parsed.searchParams.delete("password");
  return parsed.href;
}
