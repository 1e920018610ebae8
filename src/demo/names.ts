import type { Random } from './random.ts';

/** A name as its bearer writes it, and in plain letters for a username. */
type Name = { readonly written: string; readonly plain: string };
export type FullName = { readonly first: Name; readonly last: Name; readonly phone: string };

const letters: Readonly<Record<string, string>> = { ł: 'l', ø: 'o', đ: 'd', ı: 'i', ß: 'ss', æ: 'ae', œ: 'oe', þ: 'th', ð: 'd' };

const plainOf = (text: string): string =>
  text
    .toLowerCase()
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[łøđıßæœþð]/g, letter => letters[letter] ?? '')
    .replaceAll(/[^a-z0-9]/g, '');

/** `written|plain` where the script is not Latin. */
const nameOf = (entry: string): Name => {
  const [written = '', plain = plainOf(written)] = entry.split('|');
  return { written: written.replaceAll('_', ' '), plain };
};

const culture = (share: number, phone: string, first: string, last: string, form: 'NFC' | 'NFD' = 'NFC') => {
  const names = (list: string) => list.split(' ').map(entry => nameOf(entry.normalize(form)));
  return { share, phone, first: names(first), last: names(last) };
};

const cultures = [
  culture(
    34,
    '+49 30 ',
    'Anna Lukas Mia Jonas Lena Paul Emma Felix Hannah Leon Marie Max Sophie Tim Jürgen Günther Käthe Jörg Heike Uwe Sabine Klaus Petra Anke Ralf Birgit',
    'Schmidt Schneider Fischer Weber Becker Schäfer Köhler König Krüger Groß Jäger Weiß Böhm Schröder Lehmann Kaiser Vogel Winkler Brandt Sommer Ziegler Kuhn Pohl Horn',
  ),
  culture(
    10,
    '+44 20 ',
    'Grace Oliver Amelia Harry Isla George Ruby Jack Siobhán Declan Niamh Rhys Cerys Angus Fiona',
    "Taylor Walker Wright Hughes Edwards Wood O'Connor Murphy Byrne MacLeod Hargreaves Whitaker Pemberton-Lowe",
  ),
  culture(
    9,
    '+48 22 ',
    'Łukasz Małgorzata Zofia Stanisław Agnieszka Paweł Wojciech Grażyna Jędrzej',
    'Wiśniewski Wójcik Kamiński Lewandowska Zieliński Woźniak Dąbrowski Łuczak Żak',
  ),
  culture(
    8,
    '+46 8 ',
    'Åsa Björn Sören Märta Göran Linnéa Øystein Ragnhild Jørgen Sæunn',
    'Ångström Lindqvist Bergström Ødegård Sjöberg Nygård Håkansson Þórsdóttir Bjørnstad',
  ),
  culture(8, '+90 212 ', 'Ayşe Mehmet Elif İbrahim Zeynep Çağla Oğuz Şirin Gülten', 'Ünal Yılmaz Şahin Çelik Öztürk Aydın Doğan Kılıç'),
  culture(
    8,
    '+33 1 ',
    'Zoé Éloïse François Hélène Gaël Anaïs Benoît Chloé',
    'Lefèvre Dubois Lacroix Béranger Thévenin Chevalier Noël D’Aubigné',
  ),
  culture(
    7,
    '+34 91 ',
    'José Lucía Íñigo María_José Iker Begoña João Inês Conceição',
    'Muñoz Ibáñez Núñez García_Peña Gonçalves Araújo Simões Otxoa',
  ),
  culture(4, '+84 24 ', 'Hưng Thảo Minh Ngọc Quỳnh Đức', 'Nguyễn Trần Phạm Đặng Võ', 'NFD'),
  culture(4, '+86 10 ', '伟|wei 秀英|xiuying 娜|na 小明|xiaoming 静|jing', '李|li 王|wang 张|zhang 欧阳|ouyang 陈|chen'),
  culture(
    3,
    '+380 44 ',
    'Жанна|zhanna Олександр|oleksandr Наталія|nataliia Юрій|yurii Ірина|iryna',
    'Шевченко|shevchenko Ковальчук|kovalchuk Бондаренко|bondarenko Щербак|shcherbak',
  ),
  culture(3, '+91 22 ', 'Ananya Rohan Priya Vikram लक्ष्मी|lakshmi Aarav', 'Iyer Deshpande Banerjee Kulkarni Patil'),
  culture(1, '+30 21 ', 'Ελένη|eleni Γιώργος|giorgos Μαρία|maria', 'Παπαδόπουλος|papadopoulos Νικολάου|nikolaou'),
  culture(1, '+971 4 ', 'محمد|mohammed فاطمة|fatima يوسف|yousef', 'الحداد|alhaddad منصور|mansour'),
];

const shares = cultures.flatMap(of => Array.from({ length: of.share }, () => of));

/** A believable person of anywhere, with a telephone number of the same place. */
export const personName = (random: Random): FullName => {
  const of = random.pick(shares);
  return { first: random.pick(of.first), last: random.pick(of.last), phone: of.phone + random.between(1_000_000, 9_999_999) };
};

const branches = 'Logistik Bau Software Gastro Pflege Handwerk Energie Textil Medien Optik Druck Metall Labor Foto'.split(' ');
const brands =
  'Nordwind Alster Sonnenhof Kranich Birke Falke Rotbuche Havel Distel Leuchtturm Kompass Wacholder Ahorn Möwe Granit Heron'.split(' ');
const estates = 'Lindenhof Am_Park Sternwarte Seeblick Alte_Mühle Gartenstadt Rosengasse Brückenkopf'.split(' ');

/** The name of a firm that pays wages, or lets flats; firms keep their name in the two fields of a person. */
export const firmName = (kind: 'employer' | 'landlord', index: number): FullName => {
  const list = kind === 'employer' ? brands : estates;
  const brand = nameOf(list[index % list.length] ?? 'Firma');
  const branch =
    kind === 'employer' ? `${branches[(index * 5 + Math.floor(index / brands.length)) % branches.length]}_GmbH` : 'Hausverwaltung';
  const first = index < list.length ? brand.written : `${brand.written} ${Math.floor(index / list.length) + 1}`;
  return { first: { written: first, plain: plainOf(first) }, last: nameOf(branch), phone: `+49 40 ${4_470_000 + index}` };
};

/** Names that attack the screen: each must be shown, none obeyed. */
export const hostileNames: readonly FullName[] = [
  {
    first: { written: '\u001b[2J\u001b[31mEve', plain: 'eve' },
    last: { written: 'Clear\u001b]0;owned\u0007', plain: 'clear' },
    phone: '+49 30 6660001',
  },
  {
    first: { written: 'Mallory\u202e', plain: 'mallory' },
    last: { written: 'evitca si tnuocca\u2066', plain: 'tnuocca' },
    phone: '+49 30 6660002',
  },
  { first: { written: '[ok]', plain: 'ok' }, last: { written: 'frozen', plain: 'frozen' }, phone: '+49 30 6660003' },
];
