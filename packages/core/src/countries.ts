import { foldWord } from './normalize-text.ts';

/**
 * The country that a text means, as two lower-case letters: an ISO 3166-1 code of two or three letters, or a name in
 * English, Ukrainian or Russian. `undefined` for anything else.
 *
 * @param text trimmed and in lower case
 */
export function countryOf(text: string): string | undefined {
  if (text.length === 2) return byCode.get(text);
  return byCode.get(text) ?? nameOf(text);
}

/** Every country: its two letters, then its three. */
const codes = `
  adand aeare afafg agatg aiaia alalb amarm aoago aqata ararg asasm ataut auaus awabw axala azaze babih
  bbbrb bdbgd bebel bfbfa bgbgr bhbhr bibdi bjben blblm bmbmu bnbrn bobol bqbes brbra bsbhs btbtn bvbvt
  bwbwa byblr bzblz cacan cccck cdcod cfcaf cgcog chche ciciv ckcok clchl cmcmr cnchn cocol crcri cucub
  cvcpv cwcuw cxcxr cycyp czcze dedeu djdji dkdnk dmdma dodom dzdza ececu eeest egegy ehesh ereri esesp
  eteth fifin fjfji fkflk fmfsm fofro frfra gagab gbgbr gdgrd gegeo gfguf ggggy ghgha gigib glgrl gmgmb
  gngin gpglp gqgnq grgrc gssgs gtgtm gugum gwgnb gyguy hkhkg hmhmd hnhnd hrhrv hthti huhun ididn ieirl
  ilisr imimn inind ioiot iqirq irirn isisl itita jejey jmjam jojor jpjpn keken kgkgz khkhm kikir kmcom
  knkna kpprk krkor kwkwt kycym kzkaz lalao lblbn lclca lilie lklka lrlbr lslso ltltu lulux lvlva lylby
  mamar mcmco mdmda memne mfmaf mgmdg mhmhl mkmkd mlmli mmmmr mnmng momac mpmnp mqmtq mrmrt msmsr mtmlt
  mumus mvmdv mwmwi mxmex mymys mzmoz nanam ncncl nener nfnfk ngnga ninic nlnld nonor npnpl nrnru nuniu
  nznzl omomn papan peper pfpyf pgpng phphl pkpak plpol pmspm pnpcn prpri pspse ptprt pwplw pypry qaqat
  rereu rorou rssrb rurus rwrwa sasau sbslb scsyc sdsdn seswe sgsgp shshn sisvn sjsjm sksvk slsle smsmr
  snsen sosom srsur ssssd ststp svslv sxsxm sysyr szswz tctca tdtcd tfatf tgtgo ththa tjtjk tktkl tltls
  tmtkm tntun toton trtur tttto tvtuv twtwn tztza uaukr uguga umumi ususa uyury uzuzb vavat vcvct veven
  vgvgb vivir vnvnm vuvut wfwlf wswsm xkxkx yeyem ytmyt zazaf zmzmb zwzwe
`;

const byCode: ReadonlyMap<string, string> = new Map([
  // What people write for what ISO 3166 calls GB and GR.
  ['uk', 'gb'],
  ['el', 'gr'],
  ...codes
    .trim()
    .split(/\s+/)
    .flatMap((both): [string, string][] => {
      const two = both.slice(0, 2);
      return [
        [two, two],
        [both.slice(2), two],
      ];
    }),
]);

// What people call countries, beside the names that the runtime knows.
const otherNames = {
  america: 'us',
  bosnia: 'ba',
  burma: 'mm',
  byelorussia: 'by',
  capeverde: 'cv',
  czechrepublic: 'cz',
  england: 'gb',
  greatbritain: 'gb',
  holland: 'nl',
  hongkong: 'hk',
  ivorycoast: 'ci',
  korea: 'kr',
  macao: 'mo',
  macedonia: 'mk',
  northernireland: 'gb',
  palestine: 'ps',
  republicofkorea: 'kr',
  republicofmoldova: 'md',
  russianfederation: 'ru',
  scotland: 'gb',
  slovakrepublic: 'sk',
  swaziland: 'sz',
  theunitedstates: 'us',
  turkey: 'tr',
  turkiye: 'tr',
  unitedstatesofamerica: 'us',
  vaticancity: 'va',
  wales: 'gb',
  англія: 'gb',
  англия: 'gb',
  голландія: 'nl',
  голландия: 'nl',
  нідерланди: 'nl',
  сша: 'us',
  сполученіштатиамерики: 'us',
  соединенныештатыамерики: 'us',
  чехія: 'cz',
  южнаякорея: 'kr',
} as const satisfies Record<string, string>;

let byName: Map<string, string> | undefined;

function nameOf(text: string): string | undefined {
  const name = foldWord(text);
  if (name === undefined || name.length < 3) return undefined;
  byName ??= readNames();
  return byName.get(name);
}

function readNames(): Map<string, string> {
  const names = new Map<string, string>();
  for (const language of ['en', 'uk', 'ru']) {
    const display = new Intl.DisplayNames([language], { type: 'region', fallback: 'none' });
    for (const code of new Set(byCode.values())) {
      const name = foldWord(display.of(code.toUpperCase()));
      if (name !== undefined) names.set(name, code);
    }
  }
  for (const [name, code] of Object.entries(otherNames)) names.set(name, code);
  return names;
}
