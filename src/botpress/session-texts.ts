/** The few words that the router adds to agents' messages, in the customer's language. */

export interface SessionTexts {
  /** Stands before the new text of a message that an agent has changed. */
  correction: string
  /** An agent has deleted a message. `{message}`: its beginning. */
  withdrawn: string
  /** The same, where it had no text. */
  withdrawnFile: string
}

const TEXTS: Record<string, SessionTexts> = {
  en: {
    correction: 'Correction:',
    withdrawn: 'Please disregard this message: “{message}”',
    withdrawnFile: 'Please disregard the last file.',
  },
  fr: {
    correction: 'Correction :',
    withdrawn: 'Merci d’ignorer ce message : « {message} »',
    withdrawnFile: 'Merci d’ignorer le dernier fichier.',
  },
  de: {
    correction: 'Korrektur:',
    withdrawn: 'Bitte beachten Sie diese Nachricht nicht: „{message}“',
    withdrawnFile: 'Bitte beachten Sie die letzte Datei nicht.',
  },
  es: {
    correction: 'Corrección:',
    withdrawn: 'Por favor, ignore este mensaje: «{message}»',
    withdrawnFile: 'Por favor, ignore el último archivo.',
  },
  pt: {
    correction: 'Correção:',
    withdrawn: 'Por favor, desconsidere esta mensagem: “{message}”',
    withdrawnFile: 'Por favor, desconsidere o último arquivo.',
  },
  it: {
    correction: 'Correzione:',
    withdrawn: 'La preghiamo di ignorare questo messaggio: «{message}»',
    withdrawnFile: 'La preghiamo di ignorare l’ultimo file.',
  },
  nl: {
    correction: 'Correctie:',
    withdrawn: 'U kunt dit bericht negeren: ‘{message}’',
    withdrawnFile: 'U kunt het laatste bestand negeren.',
  },
  sv: {
    correction: 'Rättelse:',
    withdrawn: 'Bortse från det här meddelandet: ”{message}”',
    withdrawnFile: 'Bortse från den senaste filen.',
  },
  da: {
    correction: 'Rettelse:',
    withdrawn: 'Se bort fra denne besked: “{message}”',
    withdrawnFile: 'Se bort fra den seneste fil.',
  },
  no: {
    correction: 'Rettelse:',
    withdrawn: 'Se bort fra denne meldingen: «{message}»',
    withdrawnFile: 'Se bort fra den siste filen.',
  },
  fi: {
    correction: 'Korjaus:',
    withdrawn: 'Jätä tämä viesti huomiotta: ”{message}”',
    withdrawnFile: 'Jätä viimeisin tiedosto huomiotta.',
  },
  pl: {
    correction: 'Sprostowanie:',
    withdrawn: 'Prosimy zignorować tę wiadomość: „{message}”',
    withdrawnFile: 'Prosimy zignorować ostatni plik.',
  },
  cs: {
    correction: 'Oprava:',
    withdrawn: 'Tuto zprávu prosím neberte v úvahu: „{message}“',
    withdrawnFile: 'Poslední soubor prosím neberte v úvahu.',
  },
  tr: {
    correction: 'Düzeltme:',
    withdrawn: 'Lütfen bu mesajı dikkate almayın: “{message}”',
    withdrawnFile: 'Lütfen son dosyayı dikkate almayın.',
  },
  ru: {
    correction: 'Исправление:',
    withdrawn: 'Пожалуйста, не учитывайте это сообщение: «{message}»',
    withdrawnFile: 'Пожалуйста, не учитывайте последний файл.',
  },
  uk: {
    correction: 'Виправлення:',
    withdrawn: 'Будь ласка, не зважайте на це повідомлення: «{message}»',
    withdrawnFile: 'Будь ласка, не зважайте на останній файл.',
  },
  ja: {
    correction: '訂正：',
    withdrawn: '次のメッセージは無視してください：「{message}」',
    withdrawnFile: '最後のファイルは無視してください。',
  },
  ko: {
    correction: '정정:',
    withdrawn: '다음 메시지는 무시해 주세요: “{message}”',
    withdrawnFile: '마지막 파일은 무시해 주세요.',
  },
  zh: {
    correction: '更正：',
    withdrawn: '请忽略此消息：“{message}”',
    withdrawnFile: '请忽略最后一个文件。',
  },
  'zh-Hant': {
    correction: '更正：',
    withdrawn: '請忽略此訊息：「{message}」',
    withdrawnFile: '請忽略最後一個檔案。',
  },
}

const ENGLISH = TEXTS['en'] as SessionTexts

/** The languages that these texts exist in. */
export const SESSION_LANGUAGES = Object.keys(TEXTS)

/** In this language (BCP 47), otherwise in English. */
export const sessionTexts = (language: string | undefined): SessionTexts => {
  const tag = (language ?? '').trim()
  if (/^zh-(?:hant|tw|hk|mo)\b/i.test(tag)) return TEXTS['zh-Hant'] ?? ENGLISH
  const primary = tag.split(/[-_]/)[0]?.toLowerCase() ?? ''
  const known = primary === 'nb' || primary === 'nn' ? 'no' : primary
  return (Object.hasOwn(TEXTS, known) ? TEXTS[known] : undefined) ?? ENGLISH
}
