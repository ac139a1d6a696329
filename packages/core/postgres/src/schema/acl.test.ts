import { expect, test } from "vitest";
import { parseAclItem } from "./acl.ts";

test.each([
  ["reader=r/owner", { grantee: "reader", grantor: "owner", privileges: ["SELECT"] }],
  ["=U/owner", { grantee: "", grantor: "owner", privileges: ["USAGE"] }],
  ["w=ar*w/o", { grantee: "w", grantor: "o", privileges: ["INSERT", "SELECT with grant option", "UPDATE"] }],
  ['"odd=""na/me"=X/"o""o"', { grantee: 'odd="na/me', grantor: 'o"o', privileges: ["EXECUTE"] }],
  ["bare=/owner", { grantee: "bare", grantor: "owner", privileges: [] }],
])("%s", (item, entry) => {
  expect(parseAclItem(item)).toEqual(entry);
});

test("anything else is refused", () => {
  expect(() => parseAclItem("nonsense")).toThrow("not an access control entry");
});
