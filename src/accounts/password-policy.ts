/** Of those that are long enough, the ones that are tried first. */
const commonest = new Set(
  `
  00000000 0123456789 0987654321 102030405060 11111111 111111111 1111111111 11223344 112233445566
  11235813 12121212 12341234 123123123 12344321 12345678 123456789 1234567890 12345678910 1234qwer
  123456789a 123456abc 123qweasd 147258369 1q2w3e4r 1q2w3e4r5t 1qaz2wsx 1qaz2wsx3edc 20202020
  87654321 88888888 987654321 9876543210 99999999 a1234567 a12345678 a123456789 aa123456 aa12345678
  abc12345 abc123456 abcd1234 abcdefgh access14 admin123 admin1234 administrator asdfasdf asdfghjk
  asdfghjkl asdf1234 baseball basketball changeme changeme1 charlie1 computer corvette dearbook
  default1 dragon123 einstein football football1 football123 guest123 iloveyou iloveyou1 iloveyou2
  internet jennifer justin123 letmein1 letmein123 liverpool login123 master123 mercedes michelle
  midnight monkey123 p@$$w0rd p@ssw0rd p@ssword pass1234 passw0rd password password! password1
  password1! password12 password123 password1234 password2 pokemon1 princess princess1 q1w2e3r4
  q1w2e3r4t5 qazwsxedc qwer1234 qwerasdf qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 secret123
  starwars sunshine sunshine1 superman superman1 test1234 testtest trustno1 victoria welcome1
  welcome123 whatever zaq12wsx zxcvbnm1 zxcvbnm123
  `.match(/\S+/g),
);

/** What is wrong with a password that is long enough, if it would be guessed first. */
export function guessFaultOf(password: string): string | undefined {
  const trimmed = password.trim();
  if (new Set(trimmed).size <= 1)
    return "Password must not be one character only, and not white space";
  if (commonest.has(trimmed)) return "Password must not be one of the commonest";
  return undefined;
}
