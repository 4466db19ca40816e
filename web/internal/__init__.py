"""What only our own Rasa server may call: the actions of its forms.

Nouns: the *order desk* (looks up an order for who can name its number and e-mail address), its
*attempts* (a limited number in a while), and the *action* (Rasa's action-server protocol).
"""

from web.internal.actions import internal_router
from web.internal.desk import OrderDesk

__all__ = ["OrderDesk", "internal_router"]
