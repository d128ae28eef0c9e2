/** What customers are told where the configuration has no text of its own, by language. */

export interface CustomerTexts {
  /** A desk can take the handoff now. */
  available: string
  /** No desk is open. */
  closed: string
  /** No desk can take the handoff, and nobody knows when one can. */
  later: string
  /** Every open desk is full. */
  busy: string
  /** A ticket waits for the team, which opens then. */
  receivedUntil: string
  /** A ticket waits for the team. */
  received: string
  /** The after-hours desk takes over. */
  handedOn: string
}

/** `{opening}` stands where any form of a weekday and a time fits. */
export const CUSTOMER_TEXTS: Record<string, CustomerTexts> = {
  en: {
    available: 'An agent can take over now.',
    closed: 'No agent is available at the moment. We open again {opening}.',
    later: 'No agent is available at the moment. Please try again later.',
    busy: 'All our agents are busy at the moment. Please try again in a few minutes.',
    receivedUntil: 'We have received your request and will answer from {opening}.',
    received: 'We have received your request and will answer as soon as we can.',
    handedOn: 'Our usual team is not available at the moment. Another team takes over.',
  },
  fr: {
    available: 'Un conseiller peut prendre le relais maintenant.',
    closed: 'Aucun conseiller n’est disponible pour le moment. Réouverture : {opening}.',
    later: 'Aucun conseiller n’est disponible pour le moment. Merci de réessayer plus tard.',
    busy: 'Tous nos conseillers sont occupés pour le moment. Merci de réessayer dans quelques minutes.',
    receivedUntil: 'Nous avons bien reçu votre demande et vous répondrons à partir de : {opening}.',
    received: 'Nous avons bien reçu votre demande et vous répondrons dès que possible.',
    handedOn: 'Notre équipe habituelle n’est pas disponible pour le moment. Une autre équipe prend le relais.',
  },
  de: {
    available: 'Eine Mitarbeiterin oder ein Mitarbeiter kann jetzt übernehmen.',
    closed: 'Im Moment ist niemand erreichbar. Wir sind wieder für Sie da: {opening}.',
    later: 'Im Moment ist niemand erreichbar. Bitte versuchen Sie es später noch einmal.',
    busy: 'Im Moment sind alle im Gespräch. Bitte versuchen Sie es in ein paar Minuten noch einmal.',
    receivedUntil: 'Wir haben Ihre Anfrage erhalten und antworten ab {opening}.',
    received: 'Wir haben Ihre Anfrage erhalten und antworten so bald wie möglich.',
    handedOn: 'Unser übliches Team ist gerade nicht erreichbar. Ein anderes Team übernimmt.',
  },
  es: {
    available: 'Un agente puede atenderle ahora.',
    closed: 'En este momento no hay ningún agente disponible. Volvemos a abrir: {opening}.',
    later: 'En este momento no hay ningún agente disponible. Inténtelo de nuevo más tarde.',
    busy: 'En este momento todos nuestros agentes están ocupados. Inténtelo de nuevo en unos minutos.',
    receivedUntil: 'Hemos recibido su consulta y responderemos a partir de: {opening}.',
    received: 'Hemos recibido su consulta y responderemos lo antes posible.',
    handedOn: 'Nuestro equipo habitual no está disponible en este momento. Otro equipo le atenderá.',
  },
  pt: {
    available: 'Um atendente pode assumir agora.',
    closed: 'Neste momento não há atendentes disponíveis. Reabrimos: {opening}.',
    later: 'Neste momento não há atendentes disponíveis. Tente novamente mais tarde.',
    busy: 'Neste momento todos os nossos atendentes estão ocupados. Tente novamente dentro de alguns minutos.',
    receivedUntil: 'Recebemos o seu pedido e responderemos a partir de: {opening}.',
    received: 'Recebemos o seu pedido e responderemos assim que possível.',
    handedOn: 'A nossa equipe habitual não está disponível neste momento. Outra equipe vai atender.',
  },
  'pt-PT': {
    available: 'Um assistente pode assumir agora.',
    closed: 'Neste momento não há assistentes disponíveis. Reabrimos: {opening}.',
    later: 'Neste momento não há assistentes disponíveis. Tente novamente mais tarde.',
    busy: 'Neste momento todos os nossos assistentes estão ocupados. Tente novamente dentro de alguns minutos.',
    receivedUntil: 'Recebemos o seu pedido e responderemos a partir de: {opening}.',
    received: 'Recebemos o seu pedido e responderemos assim que possível.',
    handedOn: 'A nossa equipa habitual não está disponível neste momento. Outra equipa vai atender.',
  },
  it: {
    available: 'Un operatore può rispondere ora.',
    closed: 'Al momento nessun operatore è disponibile. Riapriamo: {opening}.',
    later: 'Al momento nessun operatore è disponibile. Riprovi più tardi.',
    busy: 'Al momento tutti gli operatori sono occupati. Riprovi tra qualche minuto.',
    receivedUntil: 'Abbiamo ricevuto la sua richiesta e risponderemo a partire da: {opening}.',
    received: 'Abbiamo ricevuto la sua richiesta e risponderemo il prima possibile.',
    handedOn: 'Il nostro team abituale non è disponibile al momento. Risponde un altro team.',
  },
  nl: {
    available: 'Een medewerker kan het nu overnemen.',
    closed: 'Op dit moment is er geen medewerker beschikbaar. We zijn er weer: {opening}.',
    later: 'Op dit moment is er geen medewerker beschikbaar. Probeer het later opnieuw.',
    busy: 'Op dit moment zijn al onze medewerkers in gesprek. Probeer het over een paar minuten opnieuw.',
    receivedUntil: 'We hebben uw vraag ontvangen en antwoorden vanaf {opening}.',
    received: 'We hebben uw vraag ontvangen en antwoorden zo snel mogelijk.',
    handedOn: 'Ons vaste team is op dit moment niet beschikbaar. Een ander team neemt het over.',
  },
  sv: {
    available: 'En medarbetare kan ta över nu.',
    closed: 'Just nu är ingen medarbetare tillgänglig. Vi öppnar igen: {opening}.',
    later: 'Just nu är ingen medarbetare tillgänglig. Försök igen senare.',
    busy: 'Just nu är alla våra medarbetare upptagna. Försök igen om några minuter.',
    receivedUntil: 'Vi har tagit emot ditt ärende och svarar från {opening}.',
    received: 'Vi har tagit emot ditt ärende och svarar så snart vi kan.',
    handedOn: 'Vårt vanliga team är inte tillgängligt just nu. Ett annat team tar över.',
  },
  da: {
    available: 'En medarbejder kan tage over nu.',
    closed: 'Der er ingen medarbejder ledig lige nu. Vi åbner igen: {opening}.',
    later: 'Der er ingen medarbejder ledig lige nu. Prøv igen senere.',
    busy: 'Alle vores medarbejdere er optaget lige nu. Prøv igen om et par minutter.',
    receivedUntil: 'Vi har modtaget din henvendelse og svarer fra {opening}.',
    received: 'Vi har modtaget din henvendelse og svarer så snart vi kan.',
    handedOn: 'Vores sædvanlige team er ikke tilgængeligt lige nu. Et andet team tager over.',
  },
  no: {
    available: 'En medarbeider kan ta over nå.',
    closed: 'Ingen medarbeidere er ledige akkurat nå. Vi åpner igjen: {opening}.',
    later: 'Ingen medarbeidere er ledige akkurat nå. Prøv igjen senere.',
    busy: 'Alle medarbeiderne våre er opptatt akkurat nå. Prøv igjen om noen minutter.',
    receivedUntil: 'Vi har mottatt henvendelsen din og svarer fra {opening}.',
    received: 'Vi har mottatt henvendelsen din og svarer så snart vi kan.',
    handedOn: 'Det vanlige teamet vårt er ikke tilgjengelig akkurat nå. Et annet team tar over.',
  },
  fi: {
    available: 'Asiakaspalvelija voi vastata nyt.',
    closed: 'Yhtään asiakaspalvelijaa ei ole juuri nyt paikalla. Palvelemme jälleen: {opening}.',
    later: 'Yhtään asiakaspalvelijaa ei ole juuri nyt paikalla. Yritä myöhemmin uudelleen.',
    busy: 'Kaikki asiakaspalvelijamme ovat juuri nyt varattuja. Yritä muutaman minuutin kuluttua uudelleen.',
    receivedUntil: 'Olemme vastaanottaneet viestisi. Vastaamme viimeistään, kun palvelumme avautuu: {opening}.',
    received: 'Olemme vastaanottaneet viestisi ja vastaamme mahdollisimman pian.',
    handedOn: 'Tavallinen tiimimme ei ole juuri nyt paikalla. Toinen tiimi jatkaa.',
  },
  pl: {
    available: 'Konsultant może teraz przejąć rozmowę.',
    closed: 'W tej chwili żaden konsultant nie jest dostępny. Otwieramy ponownie: {opening}.',
    later: 'W tej chwili żaden konsultant nie jest dostępny. Prosimy spróbować później.',
    busy: 'W tej chwili wszyscy nasi konsultanci są zajęci. Prosimy spróbować za kilka minut.',
    receivedUntil: 'Otrzymaliśmy Państwa zgłoszenie. Odpowiemy po otwarciu: {opening}.',
    received: 'Otrzymaliśmy Państwa zgłoszenie i odpowiemy najszybciej, jak to możliwe.',
    handedOn: 'Nasz stały zespół nie jest w tej chwili dostępny. Rozmowę przejmuje inny zespół.',
  },
  cs: {
    available: 'Operátor může nyní převzít konverzaci.',
    closed: 'V tuto chvíli není k dispozici žádný operátor. Znovu otevíráme: {opening}.',
    later: 'V tuto chvíli není k dispozici žádný operátor. Zkuste to prosím později.',
    busy: 'V tuto chvíli jsou všichni operátoři zaneprázdněni. Zkuste to prosím za několik minut.',
    receivedUntil: 'Váš požadavek jsme přijali. Odpovíme po otevření: {opening}.',
    received: 'Váš požadavek jsme přijali a odpovíme co nejdříve.',
    handedOn: 'Náš obvyklý tým není v tuto chvíli k dispozici. Převezme to jiný tým.',
  },
  tr: {
    available: 'Bir temsilcimiz şimdi yardımcı olabilir.',
    closed: 'Şu anda müsait temsilcimiz yok. Yeniden açılış: {opening}.',
    later: 'Şu anda müsait temsilcimiz yok. Lütfen daha sonra tekrar deneyin.',
    busy: 'Şu anda tüm temsilcilerimiz meşgul. Lütfen birkaç dakika sonra tekrar deneyin.',
    receivedUntil: 'Talebinizi aldık. Açıldığımızda yanıtlayacağız: {opening}.',
    received: 'Talebinizi aldık ve en kısa sürede yanıtlayacağız.',
    handedOn: 'Her zamanki ekibimiz şu anda müsait değil. Başka bir ekip devralıyor.',
  },
  ru: {
    available: 'Оператор может ответить сейчас.',
    closed: 'Сейчас нет свободных операторов. Мы снова откроемся: {opening}.',
    later: 'Сейчас нет свободных операторов. Пожалуйста, попробуйте позже.',
    busy: 'Сейчас все операторы заняты. Пожалуйста, попробуйте через несколько минут.',
    receivedUntil: 'Мы получили ваш запрос и ответим после открытия: {opening}.',
    received: 'Мы получили ваш запрос и ответим как можно скорее.',
    handedOn: 'Наша обычная команда сейчас недоступна. Вам ответит другая команда.',
  },
  uk: {
    available: 'Оператор може відповісти зараз.',
    closed: 'Зараз немає вільних операторів. Ми знову відкриємося: {opening}.',
    later: 'Зараз немає вільних операторів. Будь ласка, спробуйте пізніше.',
    busy: 'Зараз усі оператори зайняті. Будь ласка, спробуйте за кілька хвилин.',
    receivedUntil: 'Ми отримали ваш запит і відповімо після відкриття: {opening}.',
    received: 'Ми отримали ваш запит і відповімо якнайшвидше.',
    handedOn: 'Наша звичайна команда зараз недоступна. Вам відповість інша команда.',
  },
  ja: {
    available: 'ただいま担当者が対応できます。',
    closed: '現在、対応できる担当者がおりません。次の受付開始：{opening}。',
    later: '現在、対応できる担当者がおりません。しばらくしてからもう一度お試しください。',
    busy: '現在、担当者は全員対応中です。数分後にもう一度お試しください。',
    receivedUntil: 'お問い合わせを受け付けました。受付開始後に回答いたします：{opening}。',
    received: 'お問い合わせを受け付けました。できるだけ早く回答いたします。',
    handedOn: '通常の担当チームは現在対応できません。別のチームが対応いたします。',
  },
  ko: {
    available: '지금 상담원이 도와드릴 수 있습니다.',
    closed: '현재 상담 가능한 상담원이 없습니다. 다음 상담 시작: {opening}.',
    later: '현재 상담 가능한 상담원이 없습니다. 나중에 다시 시도해 주세요.',
    busy: '현재 모든 상담원이 상담 중입니다. 몇 분 후에 다시 시도해 주세요.',
    receivedUntil: '문의를 접수했습니다. 상담 시작 후 답변드리겠습니다: {opening}.',
    received: '문의를 접수했습니다. 최대한 빨리 답변드리겠습니다.',
    handedOn: '현재 기존 팀이 상담할 수 없어 다른 팀이 도와드립니다.',
  },
  'zh-Hans': {
    available: '客服人员现在可以为您服务。',
    closed: '目前没有客服人员在线。恢复服务时间：{opening}。',
    later: '目前没有客服人员在线，请稍后再试。',
    busy: '目前所有客服人员都在忙，请几分钟后再试。',
    receivedUntil: '我们已收到您的请求，将在恢复服务后回复：{opening}。',
    received: '我们已收到您的请求，会尽快回复。',
    handedOn: '原来的团队目前不在线，将由另一个团队为您服务。',
  },
  'zh-Hant': {
    available: '客服人員現在可以為您服務。',
    closed: '目前沒有客服人員在線上。恢復服務時間：{opening}。',
    later: '目前沒有客服人員在線上，請稍後再試。',
    busy: '目前所有客服人員都在忙線中，請幾分鐘後再試。',
    receivedUntil: '我們已收到您的請求，將在恢復服務後回覆：{opening}。',
    received: '我們已收到您的請求，會盡快回覆。',
    handedOn: '原本的團隊目前不在線上，將由另一個團隊為您服務。',
  },
}
