"""Domains at which people have addresses of their own: they say nothing about a company (IN4).

``Organisation.free_mail_domains`` adds to them.
"""

_DOMAINS = """
    10minutemail.com 126.com 163.com 9online.fr abv.bg alice.it aliceadsl.fr aol.co.uk aol.com
    aol.de aol.fr arcor.de att.net azet.sk bbox.fr bellsouth.net bigpond.com bk.ru bluewin.ch
    blueyonder.co.uk bol.com.br btinternet.com cegetel.net centrum.cz charter.net citromail.hu
    club-internet.fr comcast.net cox.net daum.net duck.com earthlink.net eircom.net email.com
    fastmail.com fastwebnet.it foxmail.com free.fr freemail.hu freenet.de gmail.com gmx.at
    gmx.ch gmx.com gmx.de gmx.fr gmx.net googlemail.com guerrillamail.com hanmail.net
    hetnet.nl hey.com hispeed.ch home.nl hotmail.be hotmail.co.uk hotmail.com hotmail.de
    hotmail.es hotmail.fr hotmail.it hushmail.com icloud.com ig.com.br inbox.com inbox.ru
    interia.pl juno.com kpnmail.nl laposte.net libero.it list.ru live.be live.co.uk live.com
    live.de live.fr live.it live.nl mac.com mail.com mail.de mail.pt mail.ru mailbox.org
    mailinator.com me.com msn.com naver.com neuf.fr ntlworld.com numericable.fr o2.pl onet.pl
    online.no op.pl optusnet.com.au orange.fr outlook.be outlook.com outlook.de outlook.es
    outlook.fr outlook.it planet.nl pm.me posteo.de proton.me protonmail.com proximus.be
    qq.com rambler.ru rediffmail.com rocketmail.com rogers.com sapo.pt sbcglobal.net
    scarlet.be seznam.cz sfr.fr shaw.ca sina.com sky.com skynet.be sunrise.ch sympatico.ca
    t-online.de talktalk.net telefonica.net telenet.be telia.com temp-mail.org terra.com.br
    terra.es tin.it tiscali.co.uk tiscali.it tuta.io tutanota.com ukr.net uol.com.br
    upcmail.nl verizon.net videotron.ca virgilio.it virginmedia.com voila.fr voo.be wanadoo.fr
    web.de windowslive.com wp.pl xs4all.nl xtra.co.nz yahoo.ca yahoo.co.in yahoo.co.jp
    yahoo.co.uk yahoo.com yahoo.com.br yahoo.de yahoo.es yahoo.fr yahoo.it yandex.com
    yandex.ru ymail.com yopmail.com ziggo.nl zoho.com
"""

FREE_MAIL_DOMAINS = frozenset(_DOMAINS.split())
