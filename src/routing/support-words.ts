/**
 * Words of support conversations: greetings, pleas and what they are about. Film subtitles have few of them, and many
 * first messages consist of nothing else.
 */
export const SUPPORT_WORDS: Record<string, string> = {
  en:
    'hello hi hey morning evening help please thanks refund order invoice parcel package delivery account ' +
    'login password human agent support cancel subscription return shipping card charged payment broken ' +
    'update urgent billing bill wrong complaint',
  fr:
    'bonjour bonsoir salut coucou aide aidez svp stp merci remboursement rembourser commande facture colis ' +
    'livraison compte connexion connecter mot passe humain conseiller agent support annuler abonnement retour ' +
    'carte débité paiement panne cassé urgent réclamation recevoir reçu abîmé marche',
  de:
    'hallo moin servus guten tag morgen abend hilfe bitte danke rückerstattung erstattung geld zurück ' +
    'bestellung rechnung paket lieferung konto anmelden einloggen passwort mensch mitarbeiter kundendienst ' +
    'kündigen abo rücksendung versand karte abgebucht zahlung kaputt dringend falsch beschwerde geht ' +
    'funktioniert angekommen',
  es:
    'hola buenas buenos días tardes noches ayuda ayudar favor gracias reembolso devolución pedido factura ' +
    'paquete envío cuenta contraseña iniciar sesión humano persona agente asesor cancelar suscripción tarjeta ' +
    'cobrado pago roto urgente queja llegado funciona entrar',
  pt:
    'olá oi bom dia boa tarde noite ajuda ajudar favor obrigado obrigada reembolso devolução pedido encomenda ' +
    'fatura pacote entrega conta senha entrar humano pessoa atendente cancelar assinatura cartão cobrado ' +
    'pagamento quebrado urgente reclamação chegou funciona',
  it:
    'ciao salve buongiorno buonasera aiuto aiutare favore grazie rimborso ordine fattura pacco spedizione ' +
    'consegna account accedere password umano persona operatore annullare disdire abbonamento reso carta ' +
    'addebitato pagamento rotto urgente reclamo arrivato funziona riesco',
  nl:
    'hallo hoi goedemorgen goedemiddag goedenavond hulp help alsjeblieft alstublieft bedankt dank ' +
    'terugbetaling geld terug bestelling factuur pakket pakje levering account inloggen wachtwoord mens ' +
    'medewerker klantenservice opzeggen annuleren abonnement retour kaart afgeschreven betaling kapot ' +
    'dringend klacht klopt',
  pl:
    'cześć hej dzień dobry wieczór pomoc pomocy proszę dziękuję dzięki zwrot pieniędzy zamówienie faktura ' +
    'paczka dostawa konto zalogować hasło człowiek konsultant konsultantem anulować subskrypcja karta ' +
    'płatność zepsuty pilne reklamacja dotarła działa pobrano',
  cs:
    'ahoj dobrý den večer pomoc prosím děkuji díky vrácení peněz objednávka objednávku faktura balík zásilka ' +
    'doručení účet přihlásit heslo člověk člověkem operátor zrušit předplatné karta platba rozbité naléhavé ' +
    'reklamace nedorazil nefunguje stržena',
  ro:
    'salut bună ziua seara dimineața ajutor rog mulțumesc rambursare banii înapoi comanda comandă factura ' +
    'factură coletul colet livrare cont cardul autentificare parola om operator anulez anulare abonament card ' +
    'plată stricat urgent reclamație ajuns funcționează greșită',
  hu:
    'szia sziasztok helló jó napot reggelt estét segítség segítsen kérem kérek köszönöm köszi visszatérítés ' +
    'pénzem vissza rendelés rendelésem számla számlám csomag csomagom szállítás fiók fiókom belépni jelszó ' +
    'ember emberrel ügyintéző lemondani előfizetés kártya fizetés rossz sürgős panasz érkezett működik',
  sv:
    'hej hejsan tjena god morgon kväll hjälp snälla tack återbetalning pengarna tillbaka beställning order ' +
    'faktura fakturan paket paketet leverans konto logga lösenord människa kundtjänst avbryta säga upp ' +
    'prenumeration kort dragits betalning trasig brådskande klagomål kommit fungerar',
  da:
    'hej goddag godmorgen godaften hjælp venligst tak refusion pengene tilbage bestilling ordre faktura ' +
    'fakturaen pakke pakken levering konto logge adgangskode menneske kundeservice opsige annullere ' +
    'abonnement kort trukket betaling ødelagt haster klage kommet virker',
  no:
    'hei heisann god morgen kveld hjelp vennligst takk refusjon pengene tilbake bestilling ordre faktura ' +
    'fakturaen pakke pakken levering konto logge passord menneske kundeservice avslutte avbestille abonnement ' +
    'kort trukket betaling ødelagt haster klage kommet fungerer virker',
  fi:
    'moi hei terve huomenta päivää iltaa apua auttakaa kiitos kiitoksia hyvitys rahat takaisin tilaus ' +
    'tilaukseni lasku laskuni paketti pakettini toimitus tili tilini kirjautua kirjautumaan salasana ihminen ' +
    'ihmisen asiakaspalvelu peruuttaa peruuta tilauksen kortti veloitettu maksu rikki kiireellinen valitus ' +
    'saapunut toimi',
  tr:
    'merhaba selam iyi günler akşamlar günaydın yardım lütfen teşekkürler teşekkür iade para param geri ' +
    'sipariş siparişim fatura faturam kargo kargom paket teslimat hesap hesabım giriş şifre insan insanla ' +
    'temsilci iptal abonelik kart ödeme bozuk acil şikayet gelmedi çalışmıyor yapamıyorum',
  id:
    'halo hai selamat pagi siang sore malam tolong bantuan bantu mohon terima kasih makasih pengembalian uang ' +
    'kembali pesanan tagihan faktur paket pengiriman akun masuk login kata sandi orang manusia petugas batal ' +
    'batalkan langganan kartu pembayaran rusak mendesak keluhan sampai berfungsi bisa',
  vi:
    'xin chào bạn giúp tôi làm ơn cảm hoàn tiền đơn hàng hóa gói giao tài khoản đăng nhập mật khẩu người thật ' +
    'nhân viên hủy ký thẻ trừ thanh toán hỏng gấp khiếu nại chưa đến được không',
  ru:
    'здравствуйте привет добрый день вечер утро помогите помощь пожалуйста спасибо возврат верните деньги заказ счёт ' +
    'счет посылка доставка аккаунт войти пароль человек оператор поддержка отменить подписка подписку карта списали ' +
    'оплата сломан срочно жалоба пришла пришёл работает ошибка',
  uk:
    'вітаю привіт добрий день вечір ранок допоможіть допомога будь ласка дякую повернення поверніть гроші замовлення ' +
    'рахунок посилка доставка акаунт увійти пароль людина людиною оператор підтримка скасувати підписка підписку картка ' +
    'списали оплата зламаний терміново скарга прийде прийшла працює помилка',
}
