// Written once by Node 24 with the keys of world.ts: what it gave as "sealed", "row" and "token ES256". Every runtime has to read them.

export const SEALED = {
  "name": "__Host-sid-a",
  "value": "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwidHlwIjoic2Vzc2lvbitqd3QiLCJraWQiOiIxLjIwNDU0IiwiY29va2llIjoiX19Ib3N0LXNpZC1hIn0..6MCIAmMKEd8f_SQv.GFYmdoGo7EIken857wcVlj1lF7_EkctD33FYGla5i3atp2XELFIHfTCp4s0PSMaU-SUxV66kabPr6r-AmTD98pDsmxltSRHNszCRXXt_O7KVhUZ3kMPamDxnzB7efBSrykblOxXmbJPRwFLlUhyxIMPEEuCtuG5JdM63YjWrO0Re9lCr6FrQP0SK2QSDaAgdjf17ffxKmw.PNRqNLT90nxDtCMnVypHPA"
};

export const RECORD = {
  "row": {
    "id": "7CfLe5ick5LrB3qQeTg1zGhz",
    "revision": 0,
    "createdAt": 1767225600000,
    "seenAt": 1767225600000,
    "expiresAt": 1767228000000,
    "writeId": "JyVYRXRCK3MUakgW",
    "body": "e1.1.9onEU0n_uXqj34NsLi3kn4KFBMvz0zFiz83NGg8N1Zfp7Pg-c3vzcUVpvGgVqnoSTwDMKGUBWoOT5s1ZXROiNyqplEZPVXaHfqjLrqwizG3BdFfz_tBUV08Z3bMJhvxC0Ak0R5dar8ZUkVO0sMMrl4bEJ4N-XI28UpBN4cpCxNnVeoTPh68d9oF9rn3HmPwtRkx8lhD5CL0ttl9qGDk3ZmBs--g3x3MdKLVP3BZsWXcgjVyMhZjiT9Uai--yVqbM_39AvkxLKALi4r0OctF4Vz9eKHPTBCPRTjkGDac"
  },
  "credential": "7CfLe5ick5LrB3qQeTg1zGhzAQABAQAAApzJZcY602KgGJ0rnHd7guR91Yuk2JzV4DzS7M62QaUoXtBR89MLXMAc2BOuIu5a"
};

export const TOKEN = {
  "token": "eyJhbGciOiJFUzI1NiIsImtpZCI6InRGNmkxbFZTWUkxc1RkR01QdlU2MUF0TGRORjVkRkJUYmpzR1JseVFNY0EiLCJ0eXAiOiJhdCtqd3QifQ.eyJpc3MiOiJodHRwczovL3Nob3AudGVzdCIsImF1ZCI6Imh0dHBzOi8vYXBpLnNob3AudGVzdCIsInN1YiI6ImFkYSIsImNsaWVudF9pZCI6IndlYiIsImlhdCI6MTc2NzIyNTYwMCwiZXhwIjoxNzY3MjI1OTAwLCJqdGkiOiJnXzNiWi1hRW9TZGZJaXhJV2o5WTZBIiwic2lkIjoiZXBxMWRQM3pNcGpxN2NoeSIsImF1dGhfdGltZSI6MTc2NzIyNTYwMCwic2NvcGUiOiJvcmRlcnM6cmVhZCJ9.PUk15c3zLHpwdx2ek5VJM0bqzbBB8Rika2RwJDXoA1dLp4o6XgshXGZgfLyupL8yL_urw1P-AVf35YTS9cBL2w",
  "jwks": {
    "keys": [
      {
        "kty": "EC",
        "crv": "P-256",
        "x": "8R-KZ31XuxgMOgfFstbUFZxQ1gYtEr8bJY40EDZtsJs",
        "y": "OVVx3ji-iMJunKSq4fo1BgUF2sVa1XzO8bbURWg7Nco",
        "kid": "tF6i1lVSYI1sTdGMPvU61AtLdNF5dFBTbjsGRlyQMcA",
        "alg": "ES256",
        "use": "sig"
      }
    ]
  }
};
