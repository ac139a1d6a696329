import { mkdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { withTempFolder } from "@org/testkit";
import { expect, test } from "vitest";
import { defaultCredentialsFile, issuePasswords } from "./credentials.ts";

const place = { url: "postgres://admin:hush@db.example:5434/shop?sslmode=require", database: "shop", ownFolder: false };
const login = { role: "shop_migrator", variable: "APP_MIGRATOR_URL" };

test("the URL of a role differs from the caller's in user, password and database", () =>
  withTempFolder(async (folder) => {
    const file = join(folder, "new", "app.env");
    const odd = { role: 'a b%"/@', variable: "APP_ODD_URL" };
    const { byRole } = await issuePasswords({ ...place, file, database: "x/y" }, [login, odd]);
    const values = parseEnv(await readFile(file, "utf8"));
    expect(values["APP_MIGRATOR_URL"]).toBe(`postgres://shop_migrator:${byRole.get(login.role)}@db.example:5434/x%2Fy?sslmode=require`);
    expect(new URL(values["APP_ODD_URL"] ?? "").username).toBe(encodeURIComponent(odd.role));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  }));

test("other lines stay, an empty value is filled, and withdrawing brings the old text back", () =>
  withTempFolder(async (folder) => {
    const file = join(folder, ".env");
    await writeFile(file, "# mine\nexport APP_MIGRATOR_URL=\nOTHER=1");
    const { withdraw } = await issuePasswords({ ...place, file }, [login, { role: "shop_readonly", variable: "APP_READONLY_URL" }]);
    expect(await readFile(file, "utf8")).toMatch(/^# mine\nAPP_MIGRATOR_URL=postgres:\S+\nOTHER=1\nAPP_READONLY_URL=postgres:\S+\n$/);
    await withdraw();
    expect(await readFile(file, "utf8")).toBe("# mine\nexport APP_MIGRATOR_URL=\nOTHER=1");
  }));

test("a password that the file holds for the same role is taken again", () =>
  withTempFolder(async (folder) => {
    const file = join(folder, "app.env");
    const first = await issuePasswords({ ...place, file }, [login]);
    const second = await issuePasswords({ ...place, file, url: "postgres://other@db.example:5434/postgres?sslmode=require" }, [login]);
    expect(second.byRole).toEqual(first.byRole);
  }));

test.each(["postgres://shop_migrator:x@elsewhere/shop", "postgres://somebody:x@db.example:5434/shop", "no url"])("the value %s is not overwritten", (value) =>
  withTempFolder(async (folder) => {
    const file = join(folder, "app.env");
    await writeFile(file, `APP_MIGRATOR_URL=${value}\n`);
    await expect(issuePasswords({ ...place, file }, [login])).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining("already sets APP_MIGRATOR_URL") });
    expect(await readFile(file, "utf8")).toBe(`APP_MIGRATOR_URL=${value}\n`);
  }),
);

test("a link in the place of the file is not followed", () =>
  withTempFolder(async (folder) => {
    await symlink(join(folder, "elsewhere"), join(folder, "app.env"));
    await expect(issuePasswords({ ...place, file: join(folder, "app.env") }, [login])).rejects.toMatchObject({ exitCode: 5 });
    await mkdir(join(folder, "folder.env"));
    await expect(issuePasswords({ ...place, file: join(folder, "folder.env") }, [login])).rejects.toMatchObject({ exitCode: 3 });
  }));

test("the default file is one for each server and database, in a folder that git ignores", () =>
  withTempFolder(async (folder) => {
    const file = defaultCredentialsFile(folder, { url: place.url, database: "../x y" });
    expect(file).toBe(join(folder, "credentials", "db.example-5434-..%2Fx%20y.env"));
    await issuePasswords({ ...place, file, ownFolder: true }, [login]);
    expect(await readFile(join(folder, "credentials", ".gitignore"), "utf8")).toBe("*\n");
    expect((await stat(join(folder, "credentials"))).mode & 0o777).toBe(0o700);
  }));
