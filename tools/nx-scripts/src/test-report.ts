/** The file, relative to the workspace root, that the tests of a package write; the package by its directory name. */
export function testReport(directory: string): string {
  return `.nx/tests/${directory}.json`;
}
